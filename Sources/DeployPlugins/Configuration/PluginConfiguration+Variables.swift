public import JSON

extension PluginConfiguration {
  /// Puts variables into the texts that name them: `$NAME`, `${NAME}` and `${NAME:-default}`; `$$` is a dollar. Texts
  /// below a schema with `"x-variables": false` stay as they are.
  ///
  /// Texts with variables that have no value keep them; `unknownVariables` has their names.
  public mutating func expand(_ variables: [String: String], _ schema: JSONSchema) {
    unresolved = []
    value = expanded(value, .root, variables, schema)
  }

  private mutating func expanded(
    _ value: JSONValue, _ pointer: JSONPointer, _ variables: [String: String], _ schema: JSONSchema
  ) -> JSONValue {
    if schema.schemas(at: pointer).contains(where: { $0["x-variables"] == false }) { return value }
    switch value {
    case .object(let object):
      return .members(
        object.members.map { ($0.name, expanded($0.value, pointer.appending($0.name), variables, schema)) })
    case .array(let elements):
      return .array(
        elements.enumerated().map { expanded($0.element, pointer.appending($0.offset), variables, schema) })
    case .string(let text) where text.contains("$"):
      guard let result = Self.text(text, variables) else {
        unresolved.insert(pointer)
        return value
      }
      // A plain scalar that is all variable has the type of what it stands for.
      let types = schema.types(at: pointer)
      let plain = YAMLCore.value(result)
      let fits = types.contains { SchemaValidator.isType($0, plain) }
      return !types.isEmpty && !types.contains("string") && fits ? plain : .string(result)
    default: return value
    }
  }

  /// The variables without a value, with the places that name them.
  public func unknownVariables(_ variables: [String: String]) -> [(name: String, pointer: JSONPointer)] {
    unresolved.sorted { $0.description < $1.description }.flatMap { pointer -> [(name: String, pointer: JSONPointer)] in
      guard let text = value[pointer]?.string else { return [] }
      return text.matches(of: Self.reference).compactMap { match in
        let name = String(match.output.1 ?? match.output.3 ?? "")
        return name.isEmpty || variables[name] != nil || match.output.2 != nil ? nil : (name, pointer)
      }
    }
  }

  private static var reference: Regex<(Substring, Substring?, Substring?, Substring?)> {
    #/\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*)|\$)/#
  }

  /// Nil when a variable has no value.
  private static func text(_ text: String, _ variables: [String: String]) -> String? {
    var isWhole = true
    let result = text.replacing(reference) { match in
      guard let name = match.output.1 ?? match.output.3 else { return "$" }
      let value = variables[String(name)]
      if let fallback = match.output.2, value?.isEmpty != false { return String(fallback) }
      if value == nil { isWhole = false }
      return value ?? ""
    }
    return isWhole ? result : nil
  }
}

extension PluginConfiguration {
  /// One text that may have variables.
  public init(text: String) {
    self.init()
    value = .string(text)
  }
}
