import JSON

extension JSONSchema {
  private static let values: Set<String> = [
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "required", "dependentRequired", "minProperties", "maxProperties", "minItems", "maxItems",
    "uniqueItems", "minContains", "maxContains", "$ref",
  ]
  private static let annotations: Set<String> = [
    "$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
    "format", "contentEncoding", "contentMediaType",
  ]
  private static let schemas: Set<String> = [
    "items", "additionalProperties", "propertyNames", "not", "if", "then", "else", "contains",
  ]
  private static let schemaLists: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems"]
  private static let schemaMaps: Set<String> = ["properties", "patternProperties", "dependentSchemas", "$defs"]
  private static let types: Set<String> = ["null", "boolean", "integer", "number", "string", "array", "object"]

  /// What is wrong with the schema itself, with pointers into it. Keywords that begin with `x-` are the author's.
  public var problems: [SchemaIssue] { problems(root, .root) }

  private func problems(_ schema: JSONValue, _ pointer: JSONPointer) -> [SchemaIssue] {
    if schema.bool != nil { return [] }
    guard let object = schema.object else {
      return [SchemaIssue(pointer, "\(SchemaWords.value(schema)) is no schema", help: ["write an object, or true"])]
    }
    return object.members.flatMap { keyword, value -> [SchemaIssue] in
      let inner = pointer.appending(keyword)
      if Self.schemas.contains(keyword) { return problems(value, inner) }
      if Self.schemaLists.contains(keyword) {
        guard let list = value.array else { return [SchemaIssue(inner, "\(keyword) has to be a list of schemas")] }
        return list.enumerated().flatMap { problems($0.element, inner.appending($0.offset)) }
      }
      if Self.schemaMaps.contains(keyword) {
        guard let map = value.object else { return [SchemaIssue(inner, "\(keyword) has to hold schemas by names")] }
        let names = keyword == "patternProperties" ? map.names.flatMap { pattern($0, inner) } : []
        return names + map.members.flatMap { problems($0.value, inner.appending($0.name)) }
      }
      return problems(keyword, value, inner)
    }
  }

  private func problems(_ keyword: String, _ value: JSONValue, _ pointer: JSONPointer) -> [SchemaIssue] {
    switch keyword {
    case "type":
      let names = value.array ?? [value]
      return names.filter { !Self.types.contains($0.string ?? "") }.map {
        SchemaIssue(
          pointer, "\($0.text) is no type", help: ["the types are \(Self.types.sorted().joined(separator: ", "))"])
      }
    case "pattern":
      return value.string.map { pattern($0, pointer) } ?? [SchemaIssue(pointer, "pattern has to be a text")]
    case "$ref":
      guard let reference = value.string, Self.resolve(reference, in: root) == nil else { return [] }
      return [
        SchemaIssue(
          pointer, "$ref \(reference) leads nowhere", help: ["references lead into the same schema: #/$defs/…"])
      ]
    case _ where Self.values.contains(keyword) || Self.annotations.contains(keyword) || keyword.hasPrefix("x-"):
      return []
    default:
      return [
        SchemaIssue(
          pointer, "the keyword \(keyword) is not known", help: ["leave it away; keywords of your own begin with x-"],
          isAboutKey: true)
      ]
    }
  }

  private func pattern(_ text: String, _ pointer: JSONPointer) -> [SchemaIssue] {
    do {
      _ = try Regex(text)
      return []
    } catch { return [SchemaIssue(pointer, "\(text) is no regular expression")] }
  }
}
