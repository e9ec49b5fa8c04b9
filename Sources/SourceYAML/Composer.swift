import Diagnostics

/// Events → nodes. Works with a stack of its own, so that no text can exhaust that of the thread.
struct Composer {
  /// A value with what it costs.
  private struct Weighed {
    var node: YAMLNode
    var depth = 0
    var count = 1
  }

  /// A sequence or a mapping whose end is not read yet.
  private struct Open {
    var isMapping: Bool
    var start: EventReader.Event
    var children: [Weighed] = []
  }

  private let file: SourceFile
  private let limits: YAMLLimits
  private let reader: EventReader
  private var anchors: [String: Weighed] = [:]
  private var open: [Open] = []
  private var warnings: [Diagnostic] = []

  init(_ file: SourceFile, _ limits: YAMLLimits) {
    self.file = file
    self.limits = limits
    reader = EventReader(file)
  }

  mutating func document() throws(YAMLError) -> YAMLDocument {
    var root: YAMLNode?
    while root == nil {
      let event = try reader.next()
      if case .streamEnd = event.kind {
        let empty = YAMLNode(
          .scalar(YAMLScalar("")), range: SourceRange(event.range.lowerBound, event.range.lowerBound))
        return YAMLDocument(file: file, root: empty, warnings: [])
      }
      root = try take(event)?.node
    }
    try lookBehind()
    let node = root ?? YAMLNode(.scalar(YAMLScalar("")), range: SourceRange(0, 0))
    return YAMLDocument(file: file, root: node, warnings: warnings)
  }

  /// The rest has to be YAML, too, but is not used.
  private mutating func lookBehind() throws(YAMLError) {
    while true {
      let event = try reader.next()
      switch event.kind {
      case .streamEnd: return
      case .documentStart:
        warnings.append(
          .warning(
            .yamlDocuments, "only the first document of the file is read", at: annotation(event.range),
            help: ["remove what stands behind the line ---"]))
        return
      default: continue
      }
    }
  }

  /// - Returns: the value that the event completes, when no other is around it.
  private mutating func take(_ event: EventReader.Event) throws(YAMLError) -> Weighed? {
    switch event.kind {
    case .scalar(let scalar):
      return try add(Weighed(node: YAMLNode(.scalar(scalar), range: event.range, tag: event.tag)), event.anchor)
    case .alias(let name): return try add(aliased(name, event.range), nil)
    case .sequenceStart, .mappingStart:
      guard open.count < limits.depth else { throw tooDeep(event.range) }
      if case .mappingStart = event.kind {
        open.append(Open(isMapping: true, start: event))
      } else {
        open.append(Open(isMapping: false, start: event))
      }
      return nil
    case .sequenceEnd, .mappingEnd:
      guard let last = open.popLast() else { return nil }
      return try add(closed(last, event), last.start.anchor)
    default: return nil
    }
  }

  private mutating func add(_ value: Weighed, _ anchor: String?) throws(YAMLError) -> Weighed? {
    guard value.count <= limits.nodes else { throw tooLarge(value.node.range) }
    guard value.depth + open.count <= limits.depth else { throw tooDeep(value.node.range) }
    if let anchor { anchors[anchor] = value }
    guard !open.isEmpty else { return value }
    open[open.count - 1].children.append(value)
    return nil
  }

  private func aliased(_ name: String, _ range: SourceRange) throws(YAMLError) -> Weighed {
    guard var value = anchors[name] else {
      if open.contains(where: { $0.start.anchor == name }) {
        throw YAMLError(
          .error(
            .yamlAlias, "anchor '\(name)' value contains itself", at: annotation(range), help: ["remove the alias"]))
      }
      let near = Suggestion.nearest(to: name, in: anchors.keys.sorted())
      throw YAMLError(
        .error(
          .yamlAlias, "unknown anchor '\(name)' referenced", at: annotation(range),
          help: [
            near.map { "did you mean *\($0)?" }
              ?? "write &\(name) in front of the value that is meant, above this line; a text that begins with * needs quotes"
          ]))
    }
    value.node.range = range
    return value
  }

  private mutating func closed(_ open: Open, _ end: EventReader.Event) throws(YAMLError) -> Weighed {
    // Where a block ends, libyaml says the beginning of what follows.
    let last = open.children.last?.node.range.upperBound ?? end.range.upperBound
    let isFlow = end.range.upperBound > end.range.lowerBound
    let range = SourceRange(
      open.start.range.lowerBound, isFlow ? end.range.upperBound : max(open.start.range.upperBound, last))
    let content: YAMLNode.Content =
      open.isMapping ? .mapping(try mapping(open.children)) : .sequence(open.children.map(\.node))
    return Weighed(
      node: YAMLNode(content, range: range, tag: open.start.tag),
      depth: 1 + (open.children.map(\.depth).max() ?? 0), count: open.children.reduce(1) { $0 + $1.count })
  }

  private mutating func mapping(_ children: [Weighed]) throws(YAMLError) -> YAMLMapping {
    var mapping = YAMLMapping()
    var merged: [YAMLMapping] = []
    for index in stride(from: 0, to: children.count - 1, by: 2) {
      let key = children[index].node
      let value = children[index + 1].node
      guard let scalar = key.scalar else {
        throw YAMLError(
          .error(
            .yamlSyntax, "a key has to be a text", at: annotation(key.range),
            help: ["put a text that begins with { or [ into quotes"]))
      }
      if scalar.text == "<<", scalar.style == .plain {
        merged += try mergeable(value)
        continue
      }
      let entry = YAMLMapping.Entry(key: scalar.text, keyRange: key.range, value: value)
      if let earlier = mapping.set(entry) { warnings.append(duplicate(entry, earlier)) }
    }
    // What is written counts more than what is merged, and what is merged first more than the rest.
    for source in merged {
      for entry in source.entries where mapping[entry.key] == nil { mapping.set(entry) }
    }
    return mapping
  }

  private func mergeable(_ value: YAMLNode) throws(YAMLError) -> [YAMLMapping] {
    if let mapping = value.mapping { return [mapping] }
    let mappings = value.sequence?.compactMap(\.mapping)
    guard let mappings, mappings.count == value.sequence?.count else {
      throw YAMLError(
        .error(
          .yamlAlias, "map merge requires map or sequence of maps as the value", at: annotation(value.range),
          help: ["write <<: *NAME, with the anchor &NAME in front of a mapping"]))
    }
    return mappings
  }

  private func duplicate(_ entry: YAMLMapping.Entry, _ earlier: YAMLMapping.Entry) -> Diagnostic {
    .warning(
      .yamlDuplicateKey, "the key \(entry.key) is written twice; the last one counts",
      at: annotation(entry.keyRange),
      notes: [.init("it was written here first", at: annotation(earlier.keyRange))], help: ["remove one of them"])
  }

  private func tooDeep(_ range: SourceRange) -> YAMLError {
    YAMLError(
      .error(
        .yamlLimit, "more than \(limits.depth) lists and mappings are inside of one another", at: annotation(range),
        help: ["write the file with less nesting"]))
  }

  private func tooLarge(_ range: SourceRange) -> YAMLError {
    YAMLError(
      .error(
        .yamlLimit, "the file stands for more than \(limits.nodes) values, counting what aliases repeat",
        at: annotation(range), help: ["use fewer aliases"]))
  }

  private func annotation(_ range: SourceRange) -> SourceAnnotation { SourceAnnotation(file, range) }
}
