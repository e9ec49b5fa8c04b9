import Foundation
import HTTPTypes
import JSON

/// What is sent back.
struct Reply: Sendable {
  var status: Int
  var headers: [(name: String, value: String)]
  var body: [UInt8]

  /// An answer in the language of a service.
  static func answer(_ value: JSONValue, to operation: String, of service: ServiceInterface) -> Reply {
    switch service.language {
    case .json: Reply(status: 200, type: "application/x-amz-json-1.1", text: value.text)
    case .rest: Reply(status: 200, type: "application/json", text: value.text)
    case .query:
      Reply(
        status: 200, type: "text/xml",
        text: "<\(operation)Response><\(operation)Result>\(xml(value))</\(operation)Result>"
          + "<ResponseMetadata><RequestId>\(requestID())</RequestId></ResponseMetadata></\(operation)Response>")
    }
  }

  /// An error in the language of a service.
  static func refusal(_ refusal: Refusal, of service: ServiceInterface?) -> Reply {
    var members = refusal.members
    switch service?.language {
    case .query:
      let kind = refusal.status < 500 ? "Sender" : "Receiver"
      return Reply(
        status: refusal.status, type: "text/xml",
        text: "<ErrorResponse><Error><Type>\(kind)</Type><Code>\(refusal.code)</Code>"
          + "<Message>\(escaped(refusal.message))</Message></Error><RequestId>\(requestID())</RequestId></ErrorResponse>"
      )
    case .rest:
      members["Message"] = .string(refusal.message)
      var reply = Reply(status: refusal.status, type: "application/json", text: JSONValue.object(members).text)
      reply.headers.append(("x-amzn-ErrorType", refusal.code))
      return reply
    case .json, nil:
      members["__type"] = .string(refusal.code)
      members["message"] = .string(refusal.message)
      var reply = Reply(
        status: refusal.status, type: "application/x-amz-json-1.1", text: JSONValue.object(members).text)
      reply.headers.append(("x-amzn-ErrorType", refusal.code))
      return reply
    }
  }

  init(status: Int, type: String, text: String) {
    self.init(status: status, type: type, bytes: Array(text.utf8))
  }

  init(status: Int, type: String, bytes: [UInt8]) {
    self.status = status
    body = bytes
    headers = [
      ("Content-Type", type), ("Content-Length", "\(body.count)"), ("x-amzn-RequestId", Self.requestID()),
    ]
  }

  private static func requestID() -> String { UUID().uuidString.lowercased() }

  /// Lists are elements called `member`.
  private static func xml(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .bool(let value): value ? "true" : "false"
    case .number(let number): number.text
    case .string(let text): escaped(text)
    case .array(let elements): elements.map { "<member>\(xml($0))</member>" }.joined()
    case .object(let object): object.members.map { "<\($0.name)>\(xml($0.value))</\($0.name)>" }.joined()
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
