import Diagnostics

/// The flags of an instruction, checked against what it takes.
struct InstructionFlags {
  fileprivate var flags: [String: [InstructionFlag]] = [:]
  /// Whether all flags of the line are among them.
  fileprivate(set) var isComplete = true

  /// The value of a flag that is given once; an empty one is as good as none.
  func text(_ name: String) -> Word? {
    guard let value = flags[name]?.last?.value, !value.isEmpty else { return nil }
    return value.word
  }

  /// The values of a flag that is given any number of times.
  func list(_ name: String) -> [InstructionFlag] { flags[name] ?? [] }

  /// Nil when the flag is not given.
  func boolean(_ name: String) -> Bool? {
    guard let flag = flags[name]?.last else { return nil }
    return flag.value.map { $0.string.lowercased() == "true" } ?? true
  }

  var isEmpty: Bool { flags.isEmpty }
}

extension DockerfileParser {
  /// The flags that are right; all wrong ones are reported.
  mutating func parseFlags(of line: InstructionLine, _ name: InstructionName) -> InstructionFlags {
    guard !line.flags.isEmpty else { return InstructionFlags() }
    let kinds = name.flags
    var result = InstructionFlags()
    for flag in line.flags {
      let key = flag.name.text
      guard let kind = kinds[key] else {
        reportUnknownFlag(flag, name)
        result.isComplete = false
        continue
      }
      if kind != .list, let earlier = result.flags[key]?.first {
        reportDuplicate(flag, of: earlier)
        result.isComplete = false
      } else if !check(flag, kind) {
        result.isComplete = false
      }
      result.flags[key, default: []].append(flag)
    }
    return result
  }

  private mutating func reportUnknownFlag(_ flag: InstructionFlag, _ name: InstructionName) {
    let known = name.flags.keys.sorted()
    var help: [String] = []
    if let nearest = Suggestion.nearest(to: flag.name.text, in: known) {
      help = ["did you mean --\(nearest)?"]
    } else if !known.isEmpty {
      let owners = InstructionName.allCases.filter { $0.flags[flag.name.text] != nil }.map(\.rawValue)
      help = ["\(name.rawValue) takes \(known.map { "--" + $0 }.joined(separator: ", "))"]
      if !owners.isEmpty {
        help.insert("--\(flag.name.text) is a flag of \(owners.joined(separator: " and "))", at: 0)
      }
    } else if [.cmd, .entrypoint].contains(name) {
      help = ["for an argument of the command, use the JSON form: \(name.rawValue) [\"program\", \"--argument\"]"]
    } else {
      help = ["\(name.rawValue) takes no flags"]
    }
    report(
      "unknown-flag", "\(name.rawValue) has no flag --\(flag.name.text)", at: flag.range, help: help)
  }

  private mutating func reportDuplicate(_ flag: InstructionFlag, of earlier: InstructionFlag) {
    diagnostics.append(
      .error(
        "duplicate-flag", "--\(flag.name.text) is given twice", at: SourceAnnotation(file, flag.range),
        notes: [.init("it is given first here", at: SourceAnnotation(file, earlier.range))],
        help: ["keep one of them"]))
  }

  private mutating func check(_ flag: InstructionFlag, _ kind: InstructionFlag.Kind) -> Bool {
    let name = flag.name.text
    switch kind {
    case .text, .list:
      if flag.value != nil { return true }
      report("missing-flag-value", "--\(name) needs a value", at: flag.range, help: ["write --\(name)=value"])
      return false
    case .boolean:
      guard let value = flag.value else { return true }
      if ["true", "false"].contains(value.string.lowercased()) { return true }
      report(
        "invalid-flag-value", "--\(name) is either true or false", at: flag.range,
        help: ["write --\(name), --\(name)=true or --\(name)=false"])
      return false
    }
  }
}
