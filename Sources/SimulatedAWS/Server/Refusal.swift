public import JSON

/// How a service says that it does not do what it was asked for.
public struct Refusal: Error, Sendable {
  /// As the service's model names the error.
  public var code: String
  public var message: String
  public var status: Int
  /// Other members of the error.
  public var members: JSONObject

  public init(_ code: String, _ message: String, status: Int = 400, members: JSONObject = [:]) {
    self.code = code
    self.message = message
    self.status = status
    self.members = members
  }

  static func invalid(_ message: String) -> Refusal { Refusal("InvalidParameterException", message) }
  static func client(_ message: String) -> Refusal { Refusal("ClientException", message) }
  static func validation(_ message: String) -> Refusal { Refusal("ValidationException", message) }
}
