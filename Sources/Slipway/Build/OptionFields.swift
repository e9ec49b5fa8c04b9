/// Comma-separated `key=value`, as docker buildx has them in options; a value in double quotes may hold commas.
struct OptionFields: Sendable {
  /// A part that is no `key=value`.
  struct Mistake: Error {
    var part: String
  }

  private var values: [String: String] = [:]

  init(parsing text: String) throws(Mistake) {
    var parts: [String] = [""]
    var isQuoted = false
    for character in text {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == ",", !isQuoted {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    for part in parts {
      guard let equals = part.firstIndex(of: "="), equals > part.startIndex else { throw Mistake(part: part) }
      let key = part[..<equals].trimmingBlanks.lowercased()
      values[key] = String(part[part.index(after: equals)...])
    }
  }

  /// The value of a key, which is then done with.
  mutating func take(_ key: String) -> String? { values.removeValue(forKey: key) }

  /// The first key that nobody took.
  var left: String? { values.keys.min() }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
