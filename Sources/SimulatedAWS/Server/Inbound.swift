import Foundation
import HTTPTypes
import HummingbirdCore
import JSON
import NIOCore

/// A request as it arrived, whole.
struct Inbound: Sendable {
  var method: String
  /// Path and query as they were sent.
  var target: String
  /// With `host`.
  var headers: [(name: String, value: String)]
  var body: [UInt8]

  static let limit = 16 << 20

  /// - Throws: what reading the body throws.
  @concurrent static func read(_ request: Request) async throws -> Inbound {
    var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
    if let authority = request.head.authority { headers.append(("host", authority)) }
    let body = try await request.body.collect(upTo: limit)
    return Inbound(
      method: request.method.rawValue, target: request.head.path ?? "/", headers: headers,
      body: Array(body.readableBytesView))
  }

  func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

  var path: String { String(target.prefix { $0 != "?" }) }

  /// Decoded items of the query.
  var query: [(name: String, value: String)] { Self.form(target.drop { $0 != "?" }.dropFirst()) }

  /// Decoded items of a form.
  static func form(_ text: some StringProtocol) -> [(name: String, value: String)] {
    text.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(String(parts[0])), parts.count == 2 ? decoded(String(parts[1])) : "")
    }
  }

  private static func decoded(_ text: String) -> String {
    let plain = text.replacing("+", with: " ")
    return plain.removingPercentEncoding ?? plain
  }
}
