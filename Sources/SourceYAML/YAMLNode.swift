public import Diagnostics

/// A value of a YAML document, with the place where it is written. Texts are as written: nothing is resolved to a
/// number or a boolean.
public struct YAMLNode: Sendable, Hashable {
  public indirect enum Content: Sendable, Hashable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping(YAMLMapping)
  }

  public var content: Content
  /// Where it is written; of an alias, the alias.
  public var range: SourceRange
  /// A tag that stands in front of it, such as `!Sub`, or with its full name, `tag:yaml.org,2002:str`.
  public var tag: String?

  public init(_ content: Content, range: SourceRange, tag: String? = nil) {
    self.content = content
    self.range = range
    self.tag = tag
  }

  /// Nothing is written, or a plain `~` or `null`.
  public var isNull: Bool { scalar?.isNull == true && tag == nil }

  public var scalar: YAMLScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  /// The text of a scalar that is not null.
  public var text: String? { isNull ? nil : scalar?.text }

  public var sequence: [YAMLNode]? {
    if case .sequence(let nodes) = content { nodes } else { nil }
  }

  public var mapping: YAMLMapping? {
    if case .mapping(let mapping) = content { mapping } else { nil }
  }

  /// What kind of value it is, for messages: `a text`, `a list`, `a mapping` or `nothing`.
  public var kindName: String {
    switch content {
    case .scalar: isNull ? "nothing" : "a text"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// Text and the way in which it is written.
public struct YAMLScalar: Sendable, Hashable {
  public enum Style: Sendable, Hashable { case plain, singleQuoted, doubleQuoted, literal, folded }

  public var text: String
  public var style: Style

  public init(_ text: String, style: Style = .plain) {
    self.text = text
    self.style = style
  }

  /// Nothing, `~` or `null`, without quotes (YAML 1.1, the type null).
  public var isNull: Bool { style == .plain && ["", "~", "null", "Null", "NULL"].contains(text) }

  /// YAML 1.1's booleans and `1` and `0`: how people write switches; nil for other texts.
  public var switchValue: Bool? {
    switch text.lowercased() {
    case "yes", "true", "on", "y", "1": true
    case "no", "false", "off", "n", "0": false
    default: nil
    }
  }
}

/// Keys with values, in the order of the text; of keys that are written twice, the last.
public struct YAMLMapping: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public var key: String
    public var keyRange: SourceRange
    public var value: YAMLNode

    public init(key: String, keyRange: SourceRange, value: YAMLNode) {
      self.key = key
      self.keyRange = keyRange
      self.value = value
    }
  }

  public private(set) var entries: [Entry]
  private var places: [String: Int]

  public init(_ entries: [Entry] = []) {
    self.entries = []
    self.places = [:]
    for entry in entries { set(entry) }
  }

  public subscript(key: String) -> YAMLNode? { entry(key)?.value }

  public func entry(_ key: String) -> Entry? { places[key].map { entries[$0] } }

  /// Takes the place of an entry with the same key.
  /// - Returns: the entry whose place it took.
  @discardableResult
  mutating func set(_ entry: Entry) -> Entry? {
    if let place = places[entry.key] {
      defer { entries[place] = entry }
      return entries[place]
    }
    places[entry.key] = entries.count
    entries.append(entry)
    return nil
  }
}
