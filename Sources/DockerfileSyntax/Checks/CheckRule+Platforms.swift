import Diagnostics

/// Platforms of stages.
extension CheckRule {
  @Sendable static func checkRedundantPlatform(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    guard let platform = stage.from.platform,
      let value = try? file.dockerfile.expansion.expand(platform, in: file.globals),
      value.usedVariables == ["TARGETPLATFORM"], value.unsetVariables.isEmpty,
      value.text == file.globals.value(of: "TARGETPLATFORM")
    else { return }
    collector.report(
      "\(platform.text) is the platform that FROM takes anyway", at: platform.range, below: stage.from.comments,
      help: ["take --platform away"])
  }

  @Sendable static func checkConstantPlatform(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    guard let word = stage.from.platform,
      let value = try? file.dockerfile.expansion.expand(word, in: file.globals),
      value.usedVariables.isEmpty, value.unsetVariables.isEmpty,
      let platform = CheckPlatform(value.text, defaults: file.context.buildPlatform)
    else { return }
    // A stage that says what it is for in its name is meant to be for that alone.
    let name = stage.from.name?.text.lowercased() ?? ""
    guard !name.contains(platform.os), !name.contains(platform.architecture) else { return }
    collector.report(
      "the stage is tied to the platform \(value.text)", at: word.range, below: stage.from.comments,
      help: [
        "take --platform away and build with --platform \(value.text), or write --platform=$BUILDPLATFORM for tools",
        "if the stage is for that platform alone, say so in its name: AS build-\(platform.architecture)",
      ])
  }

  @Sendable static func checkBasePlatform(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    guard case .image = stage.base, file.context.isBuilt(stage.index),
      let actual = file.context.bases[stage.index]?.platform
    else { return }
    var expected = file.context.targetPlatform
    if let word = stage.from.platform {
      guard let value = try? file.dockerfile.expansion.expand(word, in: file.globals),
        let platform = CheckPlatform(value.text, defaults: file.context.buildPlatform)
      else { return }
      expected = platform
    }
    guard expected.os != actual.os || expected.architecture != actual.architecture else { return }
    collector.report(
      "the base image is made for \(actual), the stage is built for \(expected)", at: stage.from.image.range,
      below: stage.from.comments,
      help: ["take an image that has \(expected), or build with --platform \(actual)"])
  }
}
