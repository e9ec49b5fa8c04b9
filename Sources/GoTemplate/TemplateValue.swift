/// What a template reads: a tree of values, as Go has them.
public indirect enum TemplateValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case list([TemplateValue])
  /// Members in their order, as of a struct.
  case record([Member])
  /// A list or a map that was never made: nothing to JSON, and printed as an empty one, `[]` or `map[]`.
  case empty(String)
  /// Members that Go sorts by their names, as of a map.
  case map([String: TemplateValue])

  public struct Member: Sendable, Hashable {
    public var name: String
    public var value: TemplateValue

    public init(_ name: String, _ value: TemplateValue) {
      self.name = name
      self.value = value
    }
  }

  /// A member; nil where there is none of the name.
  public subscript(name: String) -> TemplateValue? {
    switch self {
    case .record(let members): members.first { $0.name == name }?.value
    case .map(let members): members[name]
    default: nil
    }
  }

  /// What `if` asks: everything but zero, false, and what is empty.
  var isTrue: Bool {
    switch self {
    case .null, .empty: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .text(let value): !value.isEmpty
    case .list(let values): !values.isEmpty
    case .record: true
    case .map(let members): !members.isEmpty
    }
  }

  var typeName: String {
    switch self {
    case .null: "<nil>"
    case .bool: "bool"
    case .integer: "int"
    case .number: "float64"
    case .text: "string"
    case .list, .empty: "[]interface {}"
    case .record, .map: "map[string]interface {}"
    }
  }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, TemplateValue)...) {
    self = .record(elements.map { Member($0, $1) })
  }
}

extension TemplateValue: CustomStringConvertible {
  /// As Go's fmt prints it with %v.
  public var description: String {
    switch self {
    case .null: "<no value>"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): value == value.rounded() && abs(value) < 1e21 ? "\(Int64(value))" : "\(value)"
    case .text(let value), .empty(let value): value
    case .list(let values): "[\(values.map(\.description).joined(separator: " "))]"
    case .record(let members): "{\(members.map(\.value.description).joined(separator: " "))}"
    case .map(let members):
      "map[\(members.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " "))]"
    }
  }
}
