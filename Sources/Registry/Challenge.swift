import NIOHTTP1

/// How a registry wants to be shown who we are: one challenge of `WWW-Authenticate` (RFC 9110, 11.6.1).
struct Challenge: Sendable, Hashable {
  /// In lower case.
  var scheme: String
  /// Names in lower case.
  var parameters: [String: String]

  /// All challenges of all fields of that name, in order. What cannot be read is left out.
  static func all(in headers: HTTPHeaders) -> [Challenge] {
    parse(headers["WWW-Authenticate"].joined(separator: ", "))
  }

  static func parse(_ text: String) -> [Challenge] {
    var scanner = Scanner(rest: text[...])
    var challenges: [Challenge] = []
    while true {
      scanner.skipSeparators()
      guard let word = scanner.token() else { return challenges }
      if scanner.consume("=") {
        guard let value = scanner.value(), !challenges.isEmpty else { return challenges }
        challenges[challenges.count - 1].parameters[word.lowercased()] = value
      } else {
        challenges.append(Challenge(scheme: word.lowercased(), parameters: [:]))
      }
    }
  }

  private struct Scanner {
    var rest: Substring

    mutating func skipSeparators() { rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," } }

    mutating func token() -> String? {
      let word = rest.prefix { !" \t,=\"".contains($0) }
      guard !word.isEmpty else { return nil }
      rest = rest[word.endIndex...]
      return String(word)
    }

    mutating func consume(_ character: Character) -> Bool {
      guard rest.first == character else { return false }
      rest.removeFirst()
      return true
    }

    mutating func value() -> String? {
      guard consume("\"") else { return token() ?? "" }
      var value = ""
      while let character = rest.popFirst() {
        switch character {
        case "\"": return value
        case "\\": if let next = rest.popFirst() { value.append(next) }
        default: value.append(character)
        }
      }
      return nil
    }
  }
}
