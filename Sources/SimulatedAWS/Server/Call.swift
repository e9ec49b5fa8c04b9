public import JSON

/// A call as operations see it.
public struct Call: Sendable {
  /// The folder of the service's model in botocore, such as `ecs`.
  public var service: String
  public var operation: String
  public var parameters: JSONValue
  /// Who calls: an ARN.
  public var caller: String
  public var account: String
  public var region: String

  /// A member of the parameters; nil when it is absent or null.
  subscript(name: String) -> JSONValue? {
    guard let value = parameters[name], !value.isNull else { return nil }
    return value
  }

  func string(_ name: String) -> String? { self[name]?.string }

  /// Numbers of Query arrive as texts.
  func int(_ name: String) -> Int? { self[name].flatMap { $0.int ?? $0.string.flatMap { Int($0) } } }

  func bool(_ name: String) -> Bool { self[name].map { $0.bool ?? ($0.string == "true") } ?? false }

  func array(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }

  func strings(_ name: String) -> [String] { array(name).compactMap(\.string) }

  /// - Throws: `Refusal`.
  func required(_ name: String) throws -> String {
    guard let value = string(name), !value.isEmpty else { throw Refusal.invalid("\(name) can not be empty.") }
    return value
  }
}
