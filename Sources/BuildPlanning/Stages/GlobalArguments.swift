import Diagnostics
import DockerfileSyntax
import OCI

/// The variables that FROM sees, and that an ARG without a value in a stage inherits: the platform's, and those
/// declared before the first FROM (Dockerfile reference, "Understand how ARG and FROM interact").
struct GlobalArguments: VariableEnvironment {
  private(set) var values: [String: String]
  /// Names that ARGs before the first FROM declare.
  var declared: Set<String> { Set(arguments.keys) }
  /// What they declare; of several ARGs of a name, the last one counts.
  private(set) var arguments: [String: StageOutline.Argument] = [:]

  init(_ dockerfile: Dockerfile, _ options: BuildOptions, _ platform: Platform) throws {
    values = Self.platformArguments(options, target: platform, stage: dockerfile.stages.last?.name)
    for name in values.keys { values[name] = options.arguments[name] ?? values[name] }
    for instruction in dockerfile.preamble {
      guard case .arg(let arg) = instruction.kind else { continue }
      for declaration in arg.declarations { try add(declaration, of: instruction, dockerfile, options) }
    }
  }

  private mutating func add(
    _ declaration: ArgInstruction.Declaration, of instruction: Instruction, _ dockerfile: Dockerfile,
    _ options: BuildOptions
  ) throws {
    // Nothing is expanded in names.
    let name = declaration.name.text
    var argument = StageOutline.Argument(
      description: instruction.comments.description(of: name),
      place: SourceAnnotation(dockerfile.file, instruction.range), offset: declaration.name.range.lowerBound)
    if let given = options.arguments[name] {
      argument.value = given
    } else if let word = declaration.defaultValue {
      let expanded = try dockerfile.expansion.expand(word, in: self)
      argument.value = expanded.text
      argument.dependencies = expanded.usedVariables
      // `ARG A=$A-more` needs what the old A needed.
      if argument.dependencies.remove(name) != nil {
        argument.dependencies.formUnion(arguments[name]?.dependencies ?? [])
      }
    }
    if let value = argument.value { values[name] = value }
    arguments[name] = argument
  }

  func value(of name: String) -> String? { values[name] }

  private static func platformArguments(
    _ options: BuildOptions, target: Platform, stage lastStage: String?
  ) -> [String: String] {
    let build = options.buildPlatform
    return [
      "BUILDPLATFORM": build.description, "BUILDOS": build.os, "BUILDOSVERSION": build.osVersion ?? "",
      "BUILDARCH": build.architecture, "BUILDVARIANT": build.variant ?? "",
      "TARGETPLATFORM": target.description, "TARGETOS": target.os, "TARGETOSVERSION": target.osVersion ?? "",
      "TARGETARCH": target.architecture, "TARGETVARIANT": target.variant ?? "",
      "TARGETSTAGE": [options.target, lastStage].compactMap { $0 }.first { !$0.isEmpty } ?? "default",
    ]
  }
}
