import JSON

/// The reference of a plugin as Markdown, made of its description and its schema.
public struct PluginReference: Sendable {
  private let description: PluginDescription
  private let schema: JSONSchema

  public init(_ description: PluginDescription) {
    self.description = description
    schema = JSONSchema(description.configSchema)
  }

  /// Without a line feed at its end.
  public var text: String {
    var lines = ["# \(description.name)", "", description.summary, "", "Version \(description.version)."]
    let operations = description.operations.filter { $0 != .describe }.map { "`\($0.rawValue)`" }
    if !operations.isEmpty { lines.append("It offers \(operations.joined(separator: ", ")).") }
    if description.credentials.contains(.aws) { lines.append("It needs AWS credentials.") }
    if description.credentials.contains(.awsIfPresent) { lines.append("It gets AWS credentials where there are any.") }
    lines += ["", "## Configuration", ""]
    if let words = schema.root["description"]?.string { lines += [words, ""] }
    let rows = rows(schema.root, path: "", depth: 0)
    if rows.isEmpty { return (lines + ["It takes no keys."]).joined(separator: "\n") }
    lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |"] + rows
    let example = example(schema.root)
    lines += ["", "```yaml", "slipway:", "  deploy:", "    - plugin: \(description.name)"]
    if !example.isEmpty { lines += ["      with:"] + example.map { "        \($0)" } }
    return (lines + ["```"]).joined(separator: "\n")
  }

  private func rows(_ schema: JSONValue, path: String, depth: Int) -> [String] {
    guard depth < 6 else { return [] }
    let schema = resolved(schema)
    let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
    let forms = [schema] + ["allOf", "anyOf", "oneOf"].flatMap { schema[$0]?.array ?? [] }.map(resolved)
    var seen: Set<String> = []
    var rows: [String] = []
    for (name, property) in forms.flatMap({ $0["properties"]?.object?.members ?? [] }) where seen.insert(name).inserted
    {
      let inner = resolved(property)
      let key = path + name
      rows.append(row(key, inner, isRequired: required.contains(name)))
      rows += self.rows(inner, path: key + ".", depth: depth + 1)
      if let items = inner["items"] { rows += self.rows(items, path: key + "[].", depth: depth + 1) }
    }
    for form in forms {
      if let rest = form["additionalProperties"], rest.object != nil {
        rows.append(row(path + "NAME", resolved(rest), isRequired: false))
        rows += self.rows(rest, path: path + "NAME.", depth: depth + 1)
      }
    }
    return rows
  }

  private func row(_ key: String, _ schema: JSONValue, isRequired: Bool) -> String {
    let preset = schema["default"].map { "`\($0.string ?? $0.text)`" } ?? (isRequired ? "required" : "")
    let words = schema["description"]?.string ?? ""
    return "| `\(key)` | \(Self.cell(kind(schema))) | \(Self.cell(preset)) | \(Self.cell(words)) |"
  }

  private func kind(_ schema: JSONValue) -> String {
    if let values = schema["enum"]?.array { return values.map { "`\($0.string ?? $0.text)`" }.joined(separator: ", ") }
    if let constant = schema["const"] { return "`\(constant.string ?? constant.text)`" }
    let forms = ["anyOf", "oneOf"].flatMap { schema[$0]?.array ?? [] }.map { kind(resolved($0)) }
    if !forms.isEmpty { return SchemaWords.list(forms) }
    return SchemaWords.list(JSONSchema.types(of: schema).map(SchemaWords.kind))
  }

  private static func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("\n", with: " ")
  }

  private func resolved(_ schema: JSONValue) -> JSONValue {
    schema["$ref"]?.string.flatMap { JSONSchema.resolve($0, in: self.schema.root) } ?? schema
  }

  /// The keys that have to be there.
  private func example(_ schema: JSONValue) -> [String] {
    (schema["required"]?.array ?? []).compactMap(\.string).map { key in
      let property = resolved(schema["properties"]?[key] ?? [:])
      let value = property["examples"]?[0] ?? property["default"]
      return "\(key): \(value.map { $0.string ?? $0.text } ?? "…")"
    }
  }
}
