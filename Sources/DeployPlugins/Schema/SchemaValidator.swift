import Diagnostics
import JSON

/// Compares a value with a schema, keyword by keyword.
struct SchemaValidator {
  let root: JSONValue
  /// Schemas may name themselves.
  static let deepest = 64

  func issues(_ value: JSONValue, _ schema: JSONValue, _ pointer: JSONPointer, _ depth: Int) -> [SchemaIssue] {
    if schema.bool == false { return [SchemaIssue(pointer, "\(SchemaWords.name(pointer)) must not be there")] }
    guard schema.object != nil, depth < Self.deepest else { return [] }
    let types = JSONSchema.types(of: schema)
    if schema["type"] != nil, !types.contains(where: { Self.isType($0, value) }) {
      let wanted = SchemaWords.list(types.map(SchemaWords.kind))
      return [
        SchemaIssue(
          pointer, "\(SchemaWords.name(pointer)) is \(Self.shown(value)) and has to be \(wanted)",
          help: Self.help(schema))
      ]
    }
    return values(value, schema, pointer) + scalars(value, schema, pointer) + objects(value, schema, pointer, depth)
      + arrays(value, schema, pointer, depth) + combinations(value, schema, pointer, depth)
  }

  static func isType(_ type: String, _ value: JSONValue) -> Bool {
    value.typeName == type || type == "number" && value.typeName == "integer"
  }

  private static func shown(_ value: JSONValue) -> String {
    let kind = SchemaWords.kind(value.typeName)
    return value.object != nil || value.array != nil || value.isNull ? kind : "\(SchemaWords.value(value))"
  }

  /// What the author says of it.
  static func help(_ schema: JSONValue) -> [String] {
    var help: [String] = []
    if let examples = schema["examples"]?.array, let first = examples.first {
      help.append("write something such as \(SchemaWords.value(first))")
    }
    if let description = schema["description"]?.string { help.append(description) }
    return help
  }

  // MARK: Any value

  private func values(_ value: JSONValue, _ schema: JSONValue, _ pointer: JSONPointer) -> [SchemaIssue] {
    let name = SchemaWords.name(pointer)
    if let allowed = schema["enum"]?.array, !allowed.contains(value) {
      let names = allowed.map { $0.string ?? $0.text }
      let near = value.string.flatMap { Suggestion.nearest(to: $0, in: names) }
      return [
        SchemaIssue(
          pointer, "\(name) is \(SchemaWords.value(value)), which is none of \(names.joined(separator: ", "))",
          help: near.map { ["did you mean \($0)?"] } ?? Self.help(schema))
      ]
    }
    if let constant = schema["const"], constant != value {
      return [
        SchemaIssue(pointer, "\(name) is \(SchemaWords.value(value)) and has to be \(SchemaWords.value(constant))")
      ]
    }
    return []
  }

  // MARK: Numbers and texts

  private func scalars(_ value: JSONValue, _ schema: JSONValue, _ pointer: JSONPointer) -> [SchemaIssue] {
    let name = SchemaWords.name(pointer)
    var issues: [SchemaIssue] = []
    func add(_ message: String) { issues.append(SchemaIssue(pointer, "\(name) \(message)", help: Self.help(schema))) }
    func limit(_ keyword: String) -> Double? { schema[keyword]?.double }
    func text(_ keyword: String) -> String { schema[keyword]?.text ?? "" }
    if let number = value.double {
      if let least = limit("minimum"), number < least { add("is \(value.text), below \(text("minimum"))") }
      if let most = limit("maximum"), number > most { add("is \(value.text), above \(text("maximum"))") }
      if let least = limit("exclusiveMinimum"), number <= least {
        add("is \(value.text) and has to be above \(text("exclusiveMinimum"))")
      }
      if let most = limit("exclusiveMaximum"), number >= most {
        add("is \(value.text) and has to be below \(text("exclusiveMaximum"))")
      }
      if let step = limit("multipleOf"), step > 0 {
        let quotient = number / step
        if (quotient - quotient.rounded()).magnitude > 1e-9 * max(1, quotient.magnitude) {
          add("is \(value.text), no multiple of \(text("multipleOf"))")
        }
      }
    }
    if let string = value.string {
      let count = string.unicodeScalars.count
      if let least = schema["minLength"]?.int, count < least {
        add(count == 0 ? "is empty" : "is shorter than \(least) characters")
      }
      if let most = schema["maxLength"]?.int, count > most { add("is longer than \(most) characters") }
      if let pattern = schema["pattern"]?.string, !SchemaPattern.matches(pattern, string) {
        add("is \(SchemaWords.value(value)), which does not fit \(pattern)")
      }
    }
    return issues
  }

  // MARK: Mappings

  private func objects(
    _ value: JSONValue, _ schema: JSONValue, _ pointer: JSONPointer, _ depth: Int
  ) -> [SchemaIssue] {
    guard let object = value.object else { return [] }
    var issues = object.members.flatMap { member in
      self.member(member.name, member.value, schema, pointer, depth)
    }
    let needed = (schema["required"]?.array ?? []).compactMap(\.string)
    issues += needed.filter { object[$0] == nil }.map { missing($0, schema, pointer) }
    for (name, others) in (schema["dependentRequired"]?.object?.members ?? []) where object[name] != nil {
      for other in (others.array ?? []).compactMap(\.string) where object[other] == nil {
        issues.append(
          SchemaIssue(
            pointer.appending(name), "\(SchemaWords.path(pointer.appending(name))) needs the key \(other), too",
            help: ["add \(other)"], isAboutKey: true))
      }
    }
    for (name, inner) in (schema["dependentSchemas"]?.object?.members ?? []) where object[name] != nil {
      issues += self.issues(value, inner, pointer, depth + 1)
    }
    if let least = schema["minProperties"]?.int, object.count < least {
      issues.append(SchemaIssue(pointer, "\(SchemaWords.name(pointer)) has fewer than \(least) keys"))
    }
    if let most = schema["maxProperties"]?.int, object.count > most {
      issues.append(SchemaIssue(pointer, "\(SchemaWords.name(pointer)) has more than \(most) keys"))
    }
    return issues
  }

  private func missing(_ key: String, _ schema: JSONValue, _ pointer: JSONPointer) -> SchemaIssue {
    let what = pointer.tokens.isEmpty ? "" : " in \(SchemaWords.path(pointer))"
    let description = schema["properties"]?[key].flatMap { Self.help($0).last }
    return SchemaIssue(
      pointer, "the key \(key) is missing\(what)", help: ["add \(key)" + (description.map { ": \($0)" } ?? "")])
  }

  private func member(
    _ name: String, _ value: JSONValue, _ schema: JSONValue, _ pointer: JSONPointer, _ depth: Int
  ) -> [SchemaIssue] {
    let inner = pointer.appending(name)
    var issues: [SchemaIssue] = []
    if let names = schema["propertyNames"], !self.issues(.string(name), names, inner, depth + 1).isEmpty {
      let pattern = names["pattern"]?.string.map { " does not fit \($0)" } ?? " is not permitted"
      issues.append(SchemaIssue(inner, "the key \(name)\(pattern)", help: Self.help(names), isAboutKey: true))
    }
    var schemas = [schema["properties"]?[name]].compactMap { $0 }
    schemas += (schema["patternProperties"]?.object?.members ?? []).filter { SchemaPattern.matches($0.name, name) }.map(
      \.value)
    if !schemas.isEmpty { return issues + schemas.flatMap { self.issues(value, $0, inner, depth + 1) } }
    guard let rest = schema["additionalProperties"] else { return issues }
    if rest.bool == false { return issues + [unknown(name, schema, pointer)] }
    return issues + self.issues(value, rest, inner, depth + 1)
  }

  private func unknown(_ name: String, _ schema: JSONValue, _ pointer: JSONPointer) -> SchemaIssue {
    let keys = schema["properties"]?.object?.names ?? []
    let what = pointer.tokens.isEmpty ? "the plugin" : SchemaWords.path(pointer)
    let help =
      Suggestion.nearest(to: name, in: keys).map { "did you mean \($0)?" }
      ?? (keys.isEmpty ? "remove it" : "the keys are \(keys.joined(separator: ", "))")
    return SchemaIssue(
      pointer.appending(name), "\(what) has no key \(name)", help: [help], isAboutKey: true)
  }

  // MARK: Lists

  private func arrays(
    _ value: JSONValue, _ schema: JSONValue, _ pointer: JSONPointer, _ depth: Int
  ) -> [SchemaIssue] {
    guard let elements = value.array else { return [] }
    let name = SchemaWords.name(pointer)
    let prefix = schema["prefixItems"]?.array ?? []
    var issues = elements.enumerated().flatMap { index, element -> [SchemaIssue] in
      let inner = index < prefix.count ? prefix[index] : schema["items"]
      return inner.map { self.issues(element, $0, pointer.appending(index), depth + 1) } ?? []
    }
    if let least = schema["minItems"]?.int, elements.count < least {
      issues.append(
        SchemaIssue(
          pointer, elements.isEmpty ? "\(name) is empty" : "\(name) has fewer than \(least) values",
          help: Self.help(schema)))
    }
    if let most = schema["maxItems"]?.int, elements.count > most {
      issues.append(SchemaIssue(pointer, "\(name) has more than \(most) values", help: Self.help(schema)))
    }
    if schema["uniqueItems"]?.bool == true {
      var seen: Set<JSONValue> = []
      for (index, element) in elements.enumerated() where !seen.insert(element).inserted {
        issues.append(
          SchemaIssue(
            pointer.appending(index), "\(SchemaWords.value(element)) is twice in \(name)", help: ["remove one of them"])
        )
      }
    }
    return issues + contained(elements, schema, pointer, depth)
  }

  private func contained(
    _ elements: [JSONValue], _ schema: JSONValue, _ pointer: JSONPointer, _ depth: Int
  ) -> [SchemaIssue] {
    guard let wanted = schema["contains"] else { return [] }
    let count = elements.count { issues($0, wanted, pointer, depth + 1).isEmpty }
    let least = schema["minContains"]?.int ?? 1
    if count >= least, count <= schema["maxContains"]?.int ?? .max { return [] }
    let name = SchemaWords.name(pointer)
    return [
      SchemaIssue(
        pointer, count < least ? "\(name) lacks a value that it has to have" : "\(name) has too many values of a kind",
        help: Self.help(wanted))
    ]
  }
}
