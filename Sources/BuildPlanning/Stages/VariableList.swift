import DockerfileSyntax

/// Variables in the order in which they were first set.
struct VariableList: VariableEnvironment {
  private(set) var names: [String] = []
  private var values: [String: String] = [:]

  mutating func set(_ name: String, _ value: String) {
    if values.updateValue(value, forKey: name) == nil { names.append(name) }
  }

  func value(of name: String) -> String? { values[name] }

  /// `NAME=value`.
  var entries: [String] { names.map { "\($0)=\(values[$0] ?? "")" } }

  static func split(_ entry: String) -> (name: String, value: String) {
    guard let equals = entry.firstIndex(of: "=") else { return (entry, "") }
    return (String(entry[..<equals]), String(entry[entry.index(after: equals)...]))
  }
}
