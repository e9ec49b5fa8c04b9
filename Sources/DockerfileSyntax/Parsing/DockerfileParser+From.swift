import Diagnostics

extension DockerfileParser {
  mutating func parseFrom(_ line: InstructionLine) -> FromInstruction? {
    let flags = parseFlags(of: line, .from)
    let words = line.arguments.blankSeparatedWords.map { line.arguments.word($0) }
    guard let image = words.first else {
      reportMissingArgument(line, "an image")
      return nil
    }
    var from = FromInstruction(
      keyword: line.keyword, range: line.text.sourceRange, originalText: line.text.string, comments: line.comments,
      image: image)
    if words.count > 1 {
      guard words.count == 3, words[1].text.lowercased() == "as" else {
        reportFromArguments(words)
        return nil
      }
      from.asKeyword = words[1]
      from.name = words[2]
      guard checkStageName(words[2]) else { return nil }
    }
    guard flags.isComplete else { return nil }
    from.platform = flags.text("platform")
    return from
  }

  private mutating func reportFromArguments(_ words: [Word]) {
    let rest = words[1].range.union(words[words.count - 1].range)
    var help = ["write FROM image or FROM image AS name"]
    if words[1].text.lowercased() == "as", words.count == 2 {
      help = ["a name is missing behind AS"]
    } else if words.count == 3, Suggestion.nearest(to: words[1].text, in: ["as"]) != nil {
      help = ["did you mean AS?"]
    } else if words.contains(where: { $0.text.hasPrefix("--") }) {
      help = ["flags stand before the image: FROM --platform=… image"]
    } else if words.dropFirst().contains(where: { $0.text.hasPrefix("#") }) {
      help = ["a comment stands on a line of its own"]
    }
    report("invalid-from", "FROM takes an image, and a name after AS", at: rest, help: help)
  }

  /// A letter, then letters, digits, `-`, `_`, `.`; case does not matter.
  private mutating func checkStageName(_ name: Word) -> Bool {
    let isValid = name.text.lowercased().utf8.enumerated().allSatisfy { index, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): true
      case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): index > 0
      default: false
      }
    }
    if isValid { return true }
    report(
      "invalid-stage-name", "'\(name.text)' cannot be a stage's name", at: name.range,
      help: ["a name begins with a letter and holds letters, digits, '-', '_' and '.'"])
    return false
  }
}
