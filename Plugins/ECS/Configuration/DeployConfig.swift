public import DeployPlugins
public import JSON

/// Reads `with:`, which fits the schema; what the schema cannot say fails with a pointer to the place.
public struct DeployConfig: Sendable, Hashable {
  public let json: JSONValue
  /// Where it is in the whole.
  public let pointer: JSONPointer

  public init(_ json: JSONValue, at pointer: JSONPointer = .root) {
    self.json = json
    self.pointer = pointer
  }

  /// A member; nil when it is missing or null.
  public subscript(key: String) -> JSONValue? {
    guard let value = json[key], !value.isNull else { return nil }
    return value
  }

  public func failure(_ key: String, _ message: String, hint: String? = nil) -> PluginFailure {
    let place = key.isEmpty ? pointer : pointer.appending(key)
    return PluginFailure(
      code: "invalid-config", message: message, hint: hint, path: place.description, category: .config)
  }

  public func string(_ key: String) throws(PluginFailure) -> String? {
    guard let value = self[key] else { return nil }
    switch value {
    case .string(let text): return text
    case .number(let number): return number.text
    default: throw failure(key, "\(key) has to be a text, and is \(value.typeName)")
    }
  }

  public func bool(_ key: String) throws(PluginFailure) -> Bool? {
    guard let value = self[key] else { return nil }
    switch value {
    case .bool(let flag): return flag
    case .string("true"): return true
    case .string("false"): return false
    default: throw failure(key, "\(key) has to be true or false, and is \(value.text)")
    }
  }

  public func int(_ key: String) throws(PluginFailure) -> Int? {
    guard let value = self[key] else { return nil }
    guard let number = value.int ?? value.string.flatMap({ Int($0) }) else {
      throw failure(key, "\(key) has to be a whole number, and is \(value.text)")
    }
    return number
  }

  /// A length of time, such as `30m`.
  public func duration(_ key: String) throws(PluginFailure) -> Duration? {
    guard let text = try string(key) else { return nil }
    // A number alone is seconds.
    guard let duration = Duration(text: Double(text) == nil ? text : text + "s") else {
      throw failure(key, "\(key) is no length of time: \(text)", hint: "write it as 90s, 30m or 1h30m")
    }
    return duration
  }

  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ type: Choice.Type
  ) throws(PluginFailure) -> Choice? where Choice.RawValue == String {
    guard let text = try string(key) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw failure(key, "\(key) is \"\(text)\"", hint: "it may be one of \(names)")
    }
    return choice
  }

  /// A list of texts; one alone is a list of one.
  public func strings(_ key: String) throws(PluginFailure) -> [String]? {
    guard let value = self[key] else { return nil }
    if let text = value.string { return [text] }
    guard let values = value.array?.compactMap(\.string), values.count == value.array?.count else {
      throw failure(key, "\(key) has to be a list of texts")
    }
    return values
  }

  /// Texts by name.
  public func map(_ key: String) throws(PluginFailure) -> [(name: String, value: String)]? {
    guard let value = self[key] else { return nil }
    guard let object = value.object else { throw failure(key, "\(key) has to map names to texts") }
    var pairs: [(name: String, value: String)] = []
    for (name, value) in object.members {
      switch value {
      case .string(let text): pairs.append((name, text))
      case .number(let number): pairs.append((name, number.text))
      case .bool(let flag): pairs.append((name, flag ? "true" : "false"))
      default: throw DeployConfig(value, at: pointer.appending(key)).failure(name, "\(name) has to be a text")
      }
    }
    return pairs
  }

  /// A mapping inside of this one.
  public func child(_ key: String) throws(PluginFailure) -> DeployConfig? {
    guard let value = self[key] else { return nil }
    guard value.object != nil else { throw failure(key, "\(key) has to be a mapping") }
    return DeployConfig(value, at: pointer.appending(key))
  }

  /// A list of mappings; one alone is a list of one.
  public func children(_ key: String) throws(PluginFailure) -> [DeployConfig] {
    guard let value = self[key] else { return [] }
    let place = pointer.appending(key)
    if value.object != nil { return [DeployConfig(value, at: place)] }
    guard let values = value.array else { throw failure(key, "\(key) has to be a list") }
    var children: [DeployConfig] = []
    for (index, value) in values.enumerated() {
      guard value.object != nil else { throw failure(key, "the elements of \(key) have to be mappings") }
      children.append(DeployConfig(value, at: place.appending(index)))
    }
    return children
  }
}
