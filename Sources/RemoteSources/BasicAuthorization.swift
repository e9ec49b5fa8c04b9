import Foundation

/// `Authorization: Basic` (RFC 7617).
enum BasicAuthorization {
  static func header(user: String, password: String) -> String {
    "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
  }
}
