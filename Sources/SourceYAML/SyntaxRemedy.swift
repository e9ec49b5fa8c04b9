import Diagnostics

/// What to do about the mistakes that libyaml finds.
enum SyntaxRemedy {
  static func help(for problem: String, in file: SourceFile, at offset: Int) -> [String] {
    let line = file.line(file.lineIndex(at: offset))
    switch problem {
    case let text where text.contains("mapping values are not allowed"):
      return [
        "put a text that has a colon with a space behind it into quotes, or write it below \"|\"",
        "check that the key above ends in \": \" and that this line is indented as its neighbours are",
      ]
    case let text where text.contains("cannot start any token"):
      return offset < file.bytes.count && file.bytes[offset] == UInt8(ascii: "\t")
        ? ["indent with spaces: YAML permits no tabs there"]
        : ["put a text that begins with \(character(file, offset)) into quotes"]
    case let text where text.contains("could not find expected ':'"):
      return line.hasPrefix(" ") || line.isEmpty
        ? ["write KEY: VALUE, with a space behind the colon"]
        : ["write KEY: VALUE, with a space behind the colon; lines of a text below \"|\" have to be indented"]
    case let text where text.contains("expected ',' or '}'"), let text where text.contains("expected ',' or ']'"):
      return ["close the bracket, or put a text that begins with a bracket into quotes"]
    case let text where text.contains("did not find expected key"), let text where text.contains("'-' indicator"):
      return [
        "indent this line as the entries before it are",
        "put a text into quotes as a whole: nothing may stand behind the closing quote",
      ]
    case let text where text.contains("unexpected end of stream"): return ["close the quote"]
    case let text where text.contains("unknown escape character"):
      return ["write \\\\ for a backslash, or use single quotes"]
    case let text where text.contains("UTF-8") || text.contains("control characters"):
      return ["save the file as UTF-8, without control characters"]
    default: return ["correct the line, or put the text into quotes"]
    }
  }

  private static func character(_ file: SourceFile, _ offset: Int) -> String {
    guard offset < file.bytes.count else { return "that" }
    return String(decoding: [file.bytes[offset]], as: UTF8.self)
  }
}
