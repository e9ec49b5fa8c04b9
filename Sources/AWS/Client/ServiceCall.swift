import Foundation
import NIOHTTP1

/// One operation of a service with what it is asked for.
public protocol ServiceCall: Sendable {
  associatedtype Output: Sendable
  static var service: AWSService { get }
  /// As the service's model names it.
  static var operation: String { get }
  var message: CallMessage { get throws }
  /// - Throws: anything when the answer does not have the form of the protocol.
  static func output(_ bytes: [UInt8]) throws -> Output
}

/// A call on its way, before it is known where to.
public struct CallMessage: Sendable {
  var method = HTTPMethod.POST
  var path = "/"
  /// Encoded.
  var query = ""
  var headers: HTTPHeaders = [:]
  var body: [UInt8] = []

  /// Of AWS JSON 1.1.
  static func json(_ service: AWSService, _ operation: String, body: [UInt8]) -> CallMessage {
    CallMessage(
      headers: [
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "\(service.target ?? "").\(operation)",
      ], body: body)
  }
}

/// A call of AWS JSON 1.1: the value itself is the body.
public protocol JSONCall: ServiceCall, Encodable where Output: Decodable {}

extension JSONCall {
  public var message: CallMessage {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return .json(Self.service, Self.operation, body: Array(try encoder.encode(self)))
    }
  }

  public static func output(_ bytes: [UInt8]) throws -> Output {
    try JSONDecoder().decode(Output.self, from: Data(bytes.isEmpty ? Array("{}".utf8) : bytes))
  }
}

/// A call of AWS Query: a form, answered in XML.
public protocol QueryCall: ServiceCall {
  var parameters: [(name: String, value: String)] { get }
  /// - Parameter result: the element `OPERATIONResult`.
  static func output(of result: XMLElement) throws -> Output
}

extension QueryCall {
  public var message: CallMessage {
    let items = [("Action", Self.operation), ("Version", Self.service.version)] + parameters
    return CallMessage(
      headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
      body: Array(PercentEncoding.form(items).utf8))
  }

  public static func output(_ bytes: [UInt8]) throws -> Output {
    guard let result = XMLElement(parsing: bytes)?["\(operation)Result"] else { throw UnreadableAnswer() }
    return try output(of: result)
  }
}

/// An answer that lacks what its protocol promises.
struct UnreadableAnswer: Error {}
