import Diagnostics
import SourceYAML

extension BuildspecParser {
  mutating func phases(_ top: YAMLMapping, _ root: YAMLNode) {
    guard let node = top["phases"] else {
      // Tasks may have buildspecs of their own, and images may be all there is.
      if top["batch"] == nil, top["slipway"] == nil {
        reader.error(
          .buildspecForm, "wrong number of container tags, expected 1: there are no phases",
          SourceRange(root.range.lowerBound, root.range.lowerBound),
          help: "write phases: with build: and commands: below")
      }
      return
    }
    guard let mapping = reader.mapping(node, "phases") else { return }
    for entry in mapping.entries where Phase.Name(rawValue: entry.key) == nil {
      let names = Phase.Name.allCases.map(\.rawValue)
      reader.error(
        .buildspecUnknownKey, "there is no phase \(entry.key)", entry.keyRange,
        help: Suggestion.nearest(to: entry.key.replacing("-", with: "_"), in: names).map { "did you mean \($0)?" }
          ?? "the phases are \(names.joined(separator: ", "))")
    }
    spec.phases = Phase.Name.allCases.compactMap { name in
      mapping.entry(name.rawValue).map { phase(name, $0) }
    }
  }

  private mutating func phase(_ name: Phase.Name, _ entry: YAMLMapping.Entry) -> Phase {
    var phase = Phase(name: name, range: entry.keyRange)
    let what = "phases/\(name.rawValue)"
    guard let mapping = reader.mapping(entry.value, what) else { return phase }
    let keys = ["commands", "finally", "on-failure", "run-as", "runtime-versions"]
    reader.expectKeys(name == .install ? keys : keys.dropLast(), in: mapping, what)
    phase.commands = commands(mapping["commands"], "Commands", what)
    phase.finally = commands(mapping["finally"], "Finally", what)
    phase.onFailure = failureAction(mapping["on-failure"], "\(what)/on-failure")
    phase.runAs = reader.text(mapping["run-as"], "\(what)/run-as")
    if name == .install { phase.runtimes = runtimes(mapping["runtime-versions"]) }
    return phase
  }

  /// A list of texts; null items are no commands, and one text is one command.
  private mutating func commands(_ node: YAMLNode?, _ list: String, _ what: String) -> [WrittenText] {
    guard let node, !node.isNull else { return [] }
    if let text = node.text { return [WrittenText(text, node.range)] }
    guard let items = node.sequence else {
      reader.error(
        .buildspecForm, "\(what)/\(list.lowercased()) is \(node.kindName) and has to be a list of commands", node.range,
        help: "write \"- \" in front of each command")
      return []
    }
    return items.enumerated().compactMap { index, item in
      if item.isNull { return nil }
      if let text = item.text {
        guard !text.utf8.contains(0) else {
          reader.error(.buildspecValue, "the command holds a zero byte", item.range, help: "remove it")
          return nil
        }
        return WrittenText(text, item.range)
      }
      reportCommand(item, "\(list)[\(index)]")
      return nil
    }
  }

  /// The most frequent mistake there is: a command with a colon and a blank is a mapping.
  private mutating func reportCommand(_ item: YAMLNode, _ place: String) {
    let line = reader.line(of: item.range)
    let found = item.mapping == nil ? "a list" : "subkeys instead"
    let key = item.mapping?.entries.first.map { reader.line(of: $0.keyRange) } ?? line
    reader.error(
      .buildspecForm,
      "Expected \(place) to be of string type: found \(found) at line \(line), "
        + "value of the key tag on line \(key) might be empty", item.range,
      help: item.mapping == nil
        ? "put the command into single quotes as a whole"
        : "put the command into single quotes as a whole, or write it below \"- |\": a colon with a blank behind it makes a mapping"
    )
  }

  private mutating func failureAction(_ node: YAMLNode?, _ what: String) -> Written<Phase.FailureAction>? {
    guard let text = reader.text(node, what) else { return nil }
    let upper = text.value.trimmed.uppercased()
    if upper == "ABORT" { return Written(.abort, text.range) }
    if upper == "CONTINUE" { return Written(.goOn, text.range) }
    if upper == "RETRY" { return Written(.retry(count: 3, pattern: ".*"), text.range) }
    guard upper.hasPrefix("RETRY-") else {
      let near = Suggestion.nearest(to: upper, in: ["ABORT", "CONTINUE", "RETRY"])
      reader.error(
        .buildspecValue, "\(what) is \"\(text.value)\"", text.range,
        help: near.map { "did you mean \($0)?" }
          ?? "write ABORT, CONTINUE, RETRY, RETRY-COUNT, RETRY-REGEX or RETRY-COUNT-REGEX")
      return nil
    }
    return retry(String(text.value.trimmed.dropFirst("RETRY-".count)), text, what)
  }

  private mutating func retry(_ rest: String, _ text: WrittenText, _ what: String) -> Written<Phase.FailureAction>? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    let behind = rest.dropFirst(digits.count)
    var count = 3
    var pattern = rest
    if !digits.isEmpty, behind.isEmpty || behind.hasPrefix("-") {
      guard let number = Int(digits), number <= 100 else {
        reader.error(
          .buildspecValue, "\(what) asks for \(digits) attempts", text.range, help: "write a count of 0 to 100")
        return nil
      }
      count = number
      pattern = behind.isEmpty ? ".*" : String(behind.dropFirst())
    }
    do { _ = try Regex(pattern) } catch {
      reader.error(
        .buildspecValue, "\(what) has a regular expression that cannot be used: \(pattern)", text.range,
        help: "correct it, with a backslash in front of characters that stand for themselves")
      return nil
    }
    return Written(.retry(count: count, pattern: pattern), text.range)
  }

  private mutating func runtimes(_ node: YAMLNode?) -> [EnvironmentSection.Variable] {
    guard let mapping = reader.mapping(node, "phases/install/runtime-versions") else { return [] }
    return mapping.entries.compactMap { entry in
      reader.text(entry.value, "phases/install/runtime-versions/\(entry.key)").map {
        EnvironmentSection.Variable(name: WrittenText(entry.key, entry.keyRange), value: $0)
      }
    }
  }
}
