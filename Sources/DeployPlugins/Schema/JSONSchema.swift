public import JSON

/// A JSON Schema (draft 2020-12), as far as configurations of plugins need it: all of the core, applicator and
/// validation vocabularies but `$dynamicRef`, `$anchor`, `unevaluated…` and references to other documents. `format` is
/// an annotation.
public struct JSONSchema: Sendable, Hashable {
  public let root: JSONValue

  public init(_ root: JSONValue) { self.root = root }

  /// Where a value does not fit, in the order of the value.
  public func issues(in value: JSONValue) -> [SchemaIssue] {
    var seen: Set<SchemaIssue> = []
    return SchemaValidator(root: root).issues(value, root, .root, 0).filter { seen.insert($0).inserted }
  }

  // MARK: Looking into it

  /// The schemas that have something to say on the value that a pointer leads to, through references and combinations.
  public func schemas(at pointer: JSONPointer) -> [JSONValue] {
    pointer.tokens.reduce(parts(of: root)) { schemas, token in
      schemas.flatMap { members($0, token) }.flatMap { parts(of: $0) }
    }
  }

  /// The types that the value at a pointer may have; empty when any will do.
  public func types(at pointer: JSONPointer) -> Set<String> {
    Set(schemas(at: pointer).flatMap(Self.types))
  }

  /// The names of the keys that a mapping may have.
  public func keys(at pointer: JSONPointer) -> [String] {
    schemas(at: pointer).flatMap { $0["properties"]?.object?.names ?? [] }
  }

  static func types(of schema: JSONValue) -> [String] {
    if let type = schema["type"]?.string { return [type] }
    if let types = schema["type"]?.array { return types.compactMap(\.string) }
    if let values = schema["enum"]?.array { return values.map(\.typeName) }
    return schema["const"].map { [$0.typeName] } ?? []
  }

  /// A schema and what it is made of.
  private func parts(of schema: JSONValue, depth: Int = 0) -> [JSONValue] {
    guard depth < SchemaValidator.deepest, schema.object != nil else { return [] }
    var inner = ["allOf", "anyOf", "oneOf"].flatMap { schema[$0]?.array ?? [] }
    inner += ["then", "else"].compactMap { schema[$0] }
    if let reference = schema["$ref"]?.string, let found = Self.resolve(reference, in: root) { inner.append(found) }
    return [schema] + inner.flatMap { parts(of: $0, depth: depth + 1) }
  }

  private func members(_ schema: JSONValue, _ token: String) -> [JSONValue] {
    if let property = schema["properties"]?[token] { return [property] }
    let patterns = (schema["patternProperties"]?.object?.members ?? []).filter { SchemaPattern.matches($0.name, token) }
    if !patterns.isEmpty { return patterns.map(\.value) }
    if let index = Int(token) {
      if let item = schema["prefixItems"]?[index] { return [item] }
      if let items = schema["items"] { return [items] }
    }
    return [schema["additionalProperties"]].compactMap { $0 }
  }

  /// What a reference into the same document leads to.
  static func resolve(_ reference: String, in root: JSONValue) -> JSONValue? {
    guard reference.hasPrefix("#"), let pointer = JSONPointer(String(reference.dropFirst())) else { return nil }
    return root[pointer]
  }

  // MARK: Texts

  /// The value with plain scalars as texts where only a text fits: `012345` is a number to YAML, and an account to AWS.
  /// - Parameter texts: what was written, by pointers.
  func withTexts(_ value: JSONValue, _ texts: [JSONPointer: String], at pointer: JSONPointer = .root) -> JSONValue {
    switch value {
    case .object(let object):
      return .members(object.members.map { ($0.name, withTexts($0.value, texts, at: pointer.appending($0.name))) })
    case .array(let elements):
      return .array(elements.enumerated().map { withTexts($0.element, texts, at: pointer.appending($0.offset)) })
    case .null, .string: return value
    case .bool, .number:
      let types = types(at: pointer)
      guard types.contains("string"), !types.contains(value.typeName),
        !(types.contains("number") && value.number != nil),
        let text = texts[pointer]
      else { return value }
      return .string(text)
    }
  }
}

/// Regular expressions of schemas. Those that are none match nothing, which `plugin check` tells.
enum SchemaPattern {
  static func matches(_ pattern: String, _ text: String) -> Bool {
    guard let expression = try? Regex(pattern) else { return false }
    return text.firstMatch(of: expression) != nil
  }
}
