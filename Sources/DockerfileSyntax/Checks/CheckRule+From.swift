import Diagnostics

/// Variables of FROM.
extension CheckRule {
  @Sendable static func checkFromArguments(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    guard collector.isWanted(below: stage.from.comments) else { return }
    for word in [stage.from.image, stage.from.platform].compactMap({ $0 }) {
      guard let value = try? file.dockerfile.expansion.expand(word, in: file.globals) else { continue }
      let unset = value.unsetRanges.filter { !file.globals.means($0.key) }
      for (name, part) in unset.sorted(by: { $0.value.lowerBound < $1.value.lowerBound }) {
        var help = ["declare it above the first FROM: ARG \(name)=value"]
        if let nearest = collector.suggestion(for: name, in: file.globals.names) {
          help.insert("did you mean \(nearest)?", at: 0)
        }
        collector.report(
          "no ARG above the first FROM declares '\(name)'",
          at: word.range(of: part), below: stage.from.comments,
          notes: file.declaration(of: name, before: stage.index).map {
            [collector.note("an ARG inside of a stage does not count for FROM", at: $0.name.range)]
          } ?? [],
          help: help)
      }
    }
  }

  @Sendable static func checkDefaultArguments(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    let image = stage.from.image
    guard image.mayExpand, let value = try? file.dockerfile.expansion.expand(image, in: file.defaults),
      !(value.usedVariables.isEmpty && value.unsetVariables.isEmpty), !ImageNameGrammar.accepts(value.text)
    else { return }
    let variables = value.usedVariables.union(value.unsetVariables).sorted()
    let empty = variables.filter { (file.defaults.value(of: $0) ?? "").isEmpty }
    let declarations = empty.compactMap { file.defaults.declarations[$0] }
    collector.report(
      "without build arguments this " + (value.text.isEmpty ? "is empty" : "is '\(value.text)', which names no image"),
      at: image.range, below: stage.from.comments,
      notes: declarations.map { collector.note("\($0.name.text) has no default value", at: $0.name.range) },
      help: [
        declarations.first.map { "give it a default value: ARG \($0.name.text)=value" }
          ?? empty.first.map { "no ARG above the first FROM declares \($0)" }
          ?? "mend the default value of \(variables.joined(separator: " or "))"
      ])
  }
}
