/// Any JSON text as a value that gives the same text again: the order of members and the digits of numbers stay
/// (RFC 8259). What another program wrote passes through unchanged, whether we know its members or not.
public indirect enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// A number as it is written. Equal when the values are: `1`, `1.0` and `1e0` are one number.
public struct JSONNumber: Sendable {
  /// Of the grammar of RFC 8259, section 6.
  public let text: String

  init(text: String) { self.text = text }

  public init(_ value: some BinaryInteger) { text = String(value) }

  /// Nil for what JSON cannot say: infinity and not-a-number.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = Int64(exactly: value).map { String($0) } ?? "\(value)"
  }

  /// Nil when it is no whole number, or beyond what an `Int` holds.
  public var int: Int? { Int(text) ?? Double(text).flatMap { Int(exactly: $0) } }
  public var double: Double { Double(text) ?? .nan }
}

extension JSONNumber: Hashable {
  public static func == (one: JSONNumber, other: JSONNumber) -> Bool {
    if one.text == other.text { return true }
    // Beyond 2^53 different numbers have one Double.
    if let one = Int(one.text), let other = Int(other.text) { return one == other }
    return one.double == other.double
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(double) }
}

/// Members by name, in the order in which they are written. Equal whatever that order is.
public struct JSONObject: Sendable {
  public private(set) var members: [(name: String, value: JSONValue)] = []

  public init() {}

  /// Of members with the same name the last one counts, in the place of the first.
  public init(_ members: some Sequence<(String, JSONValue)>) {
    for (name, value) in members { self[name] = value }
  }

  /// Setting nil removes the member.
  public subscript(name: String) -> JSONValue? {
    get { members.first { $0.name == name }?.value }
    set {
      let index = members.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (nil, let value?): members.append((name, value))
      case (let index?, nil): members.remove(at: index)
      case (nil, nil): break
      }
    }
  }

  public var names: [String] { members.map(\.name) }
  public var isEmpty: Bool { members.isEmpty }
  public var count: Int { members.count }
}

extension JSONObject: Hashable {
  public static func == (one: JSONObject, other: JSONObject) -> Bool {
    one.count == other.count && one.members.allSatisfy { other[$0.name] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    for member in members.sorted(by: { $0.name < $1.name }) {
      hasher.combine(member.name)
      hasher.combine(member.value)
    }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

// Not by nil: in `isEmpty ? nil : value` it would be a null where nothing is meant.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByIntegerLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

extension JSONValue {
  /// An object with members in this order.
  public static func members(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }

  /// A whole number.
  public static func int(_ value: some BinaryInteger) -> JSONValue { .number(JSONNumber(value)) }

  public var isNull: Bool { self == .null }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
  public var int: Int? { number?.int }
  public var double: Double? { number?.double }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// A member of an object; nil when it is none, or has none of that name. Setting it on what is no object makes it one.
  public subscript(name: String) -> JSONValue? {
    get { object?[name] }
    set {
      var object = self.object ?? JSONObject()
      object[name] = newValue
      self = .object(object)
    }
  }

  /// An element of an array; nil when it is none, or shorter.
  public subscript(index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }

  /// What kind of value it is, in the words of JSON Schema: `null`, `boolean`, `integer`, `number`, `string`, `array`,
  /// `object`.
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .number(let number): number.int == nil ? "number" : "integer"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
