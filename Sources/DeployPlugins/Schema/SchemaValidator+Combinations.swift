import JSON

extension SchemaValidator {
  /// References, alternatives and conditions.
  func combinations(
    _ value: JSONValue, _ schema: JSONValue, _ pointer: JSONPointer, _ depth: Int
  ) -> [SchemaIssue] {
    func check(_ inner: JSONValue) -> [SchemaIssue] { issues(value, inner, pointer, depth + 1) }
    var found: [SchemaIssue] = []
    if let reference = schema["$ref"]?.string, let target = JSONSchema.resolve(reference, in: root) {
      found += check(target)
    }
    for part in schema["allOf"]?.array ?? [] { found += check(part) }
    if let forms = schema["anyOf"]?.array {
      let results = forms.map(check)
      if !results.contains(where: \.isEmpty) { found += nearest(value, forms, results, schema, pointer) }
    }
    if let forms = schema["oneOf"]?.array {
      let results = forms.map(check)
      let fitting = results.count { $0.isEmpty }
      if fitting == 0 { found += nearest(value, forms, results, schema, pointer) }
      if fitting > 1 {
        found.append(
          SchemaIssue(
            pointer, "\(SchemaWords.name(pointer)) fits \(fitting) forms, of which it may have one only",
            help: forms.compactMap { $0["description"]?.string }))
      }
    }
    if let not = schema["not"], check(not).isEmpty {
      let message = not["description"]?.string ?? "must not be like that"
      found.append(SchemaIssue(pointer, "\(SchemaWords.name(pointer)) \(message)", help: Self.help(schema)))
    }
    if let condition = schema["if"] {
      found += (schema[check(condition).isEmpty ? "then" : "else"]).map(check) ?? []
    }
    return found
  }

  /// What is wrong with a value that fits none of several forms: the mistakes in the form that it is nearest to, when
  /// that is clear.
  private func nearest(
    _ value: JSONValue, _ forms: [JSONValue], _ results: [[SchemaIssue]], _ schema: JSONValue, _ pointer: JSONPointer
  ) -> [SchemaIssue] {
    let candidates = zip(forms, results).filter { form, _ in
      let types = JSONSchema.types(of: resolved(form))
      return types.isEmpty || types.contains { Self.isType($0, value) }
    }
    if candidates.isEmpty {
      let kinds = forms.flatMap { JSONSchema.types(of: resolved($0)) }.map(SchemaWords.kind)
      var seen: Set<String> = []
      let wanted = SchemaWords.list(kinds.filter { seen.insert($0).inserted })
      return [
        SchemaIssue(
          pointer, "\(SchemaWords.name(pointer)) is \(SchemaWords.kind(value.typeName)) and has to be \(wanted)",
          help: Self.help(schema))
      ]
    }
    // Mistakes deep inside tell more than that the form is another one; few tell more than many.
    let ranked = candidates.map(\.1).sorted { one, other in
      let depths = [one, other].map { $0.map(\.pointer.tokens.count).max() ?? 0 }
      return depths[0] != depths[1] ? depths[0] > depths[1] : one.count < other.count
    }
    if candidates.count == 1 || ranked[0].contains(where: { $0.pointer != pointer }) { return ranked[0] }
    let shared = ranked[0].filter { issue in ranked.allSatisfy { $0.contains(issue) } }
    if !shared.isEmpty { return shared }
    let reasons = candidates.compactMap { $0.1.first?.message }
    return [
      SchemaIssue(
        pointer, "\(SchemaWords.name(pointer)) has none of the forms that it may have",
        help: reasons.map { "one form: \($0)" } + Self.help(schema))
    ]
  }

  private func resolved(_ schema: JSONValue) -> JSONValue {
    schema["$ref"]?.string.flatMap { JSONSchema.resolve($0, in: root) } ?? schema
  }
}
