public import JSON

/// Where a value does not fit a schema.
public struct SchemaIssue: Sendable, Hashable {
  /// The value; of a key that must not be there, the key's value.
  public var pointer: JSONPointer
  /// One sentence in lower case.
  public var message: String
  /// Steps to take.
  public var help: [String]
  /// Whether it is about the key rather than about its value.
  public var isAboutKey: Bool

  init(_ pointer: JSONPointer, _ message: String, help: [String] = [], isAboutKey: Bool = false) {
    self.pointer = pointer
    self.message = message
    self.help = help
    self.isAboutKey = isAboutKey
  }
}

/// Values and their kinds in the words of people who write YAML.
enum SchemaWords {
  static func kind(_ type: String) -> String {
    switch type {
    case "null": "nothing"
    case "boolean": "true or false"
    case "integer": "a whole number"
    case "number": "a number"
    case "string": "a text"
    case "array": "a list"
    case "object": "a mapping"
    default: type
    }
  }

  /// `containers.web`, or `the configuration` for all of it.
  static func name(_ pointer: JSONPointer) -> String {
    pointer.tokens.isEmpty ? "the configuration" : path(pointer)
  }

  static func path(_ pointer: JSONPointer) -> String {
    pointer.tokens.reduce("") { path, token in
      if path.isEmpty { return token }
      return Int(token) == nil ? "\(path).\(token)" : "\(path)[\(token)]"
    }
  }

  /// A value as it stands in a message.
  static func value(_ value: JSONValue) -> String {
    let text = value.text
    return text.count > 60 ? "\(text.prefix(57))…" : text
  }

  static func list(_ words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }
}
