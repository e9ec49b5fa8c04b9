import Diagnostics
import HostOS

/// Variables in compose files (compose-spec, "Interpolation"): `$V`, `${V}`, `${V:-default}`, `${V-default}`,
/// `${V:?error}`, `${V?error}`, `${V:+other}`, `${V+other}`, and `$$` for a dollar sign.
struct ComposeVariables: Sendable {
  var values: [String: String]

  /// Why a text cannot be used.
  struct Failure: Error {
    var message: String
  }

  func expand(_ text: String) throws(Failure) -> String {
    guard text.contains("$") else { return text }
    var rest = text[...]
    return try expand(&rest, until: nil, in: text)
  }

  private func expand(_ rest: inout Substring, until end: Character?, in whole: String) throws(Failure) -> String {
    var result = ""
    while let character = rest.popFirst() {
      if character == end { return result }
      guard character == "$" else {
        result.append(character)
        continue
      }
      switch rest.first {
      case "$":
        rest.removeFirst()
        result.append("$")
      case "{":
        rest.removeFirst()
        result += try braced(&rest, in: whole)
      case let first? where first.isLetter || first == "_":
        result += values[Self.name(&rest)] ?? ""
      default: throw invalid(whole)
      }
    }
    guard end == nil else { throw invalid(whole) }
    return result
  }

  private static func name(_ rest: inout Substring) -> String {
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    rest = rest.dropFirst(name.count)
    return String(name)
  }

  private func braced(_ rest: inout Substring, in whole: String) throws(Failure) -> String {
    let name = Self.name(&rest)
    guard !name.isEmpty, let first = rest.popFirst() else { throw invalid(whole) }
    if first == "}" { return values[name] ?? "" }
    var sign = first
    let countsEmpty = first == ":"
    if countsEmpty {
      guard let next = rest.popFirst() else { throw invalid(whole) }
      sign = next
    }
    let word = try expand(&rest, until: "}", in: whole)
    let value = values[name].flatMap { countsEmpty && $0.isEmpty ? nil : $0 }
    switch sign {
    case "-": return value ?? word
    case "+": return value == nil ? "" : word
    case "?":
      guard let value else {
        throw Failure(message: "required variable \(name) is missing a value: \(word)")
      }
      return value
    default: throw invalid(whole)
    }
  }

  private func invalid(_ text: String) -> Failure {
    Failure(message: "invalid interpolation format for \"\(text)\"; a $ that is meant is written $$")
  }
}

extension ComposeVariables {
  /// Reads a `.env` file: `NAME=value` lines, with quotes and comments.
  static func read(_ text: String, over known: [String: String]) -> [String: String] {
    var values = known
    for line in text.split(whereSeparator: \.isNewline) {
      var line = line.drop { $0 == " " || $0 == "\t" }
      if line.hasPrefix("export ") { line = line.dropFirst("export ".count) }
      guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
      let name = line[..<equals].filter { $0 != " " }
      let written = line[line.index(after: equals)...].drop { $0 == " " }
      values[String(name)] = value(written, values)
    }
    return values
  }

  private static func value(_ text: Substring, _ known: [String: String]) -> String {
    if let quote = text.first, quote == "'" || quote == "\"" {
      let inside = String(text.dropFirst().prefix { $0 != quote })
      guard quote == "\"" else { return inside }
      return (try? ComposeVariables(values: known).expand(inside.replacing("\\n", with: "\n"))) ?? inside
    }
    var plain = text
    if let comment = plain.firstRange(of: " #") { plain = plain[..<comment.lowerBound] }
    while plain.last?.isWhitespace == true { plain.removeLast() }
    return (try? ComposeVariables(values: known).expand(String(plain))) ?? String(plain)
  }
}
