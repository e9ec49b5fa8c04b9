import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore

/// A request as the handlers see it.
struct Inquiry: Sendable {
  var method: HTTPRequest.Method
  /// Decoded, without the query.
  var path: String
  var headers: HTTPFields
  /// In the order in which they were sent, decoded.
  var query: [(name: String, value: String)]
  private let body: RequestBody

  init(_ request: Request) {
    method = request.method
    headers = request.headers
    body = request.body
    let target = request.head.path ?? "/"
    path = Self.decoded(target.prefix { $0 != "?" })
    query = target.drop { $0 != "?" }.dropFirst().split(separator: "&").map { item in
      let name = item.prefix { $0 != "=" }
      return (Self.decoded(name), Self.decoded(item.dropFirst(name.count + 1)))
    }
  }

  private static func decoded(_ text: Substring) -> String { text.removingPercentEncoding ?? String(text) }

  func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

  /// The length of the body as it was announced; nil when it was not.
  var announcedLength: Int64? { headers[.contentLength].flatMap { Int64($0) } }

  /// Passes on the chunks of the body, once.
  /// - Returns: their length in bytes.
  /// - Throws: `ConnectionLost` when there are fewer than were announced.
  @discardableResult
  func readBody(_ receive: (ByteBuffer) async throws -> Void) async throws -> Int64 {
    var count: Int64 = 0
    for try await chunk in body {
      count += Int64(chunk.readableBytes)
      try await receive(chunk)
    }
    if let announcedLength, count < announcedLength { throw ConnectionLost() }
    return count
  }

  /// Reads the body whole.
  /// - Throws: `refusal` beyond `limit` bytes.
  func collectBody(limit: Int, _ refusal: Refusal) async throws -> [UInt8] {
    if let announcedLength, announcedLength > Int64(limit) { throw refusal }
    var bytes: [UInt8] = []
    try await readBody { chunk in
      guard bytes.count + chunk.readableBytes <= limit else { throw refusal }
      bytes.append(contentsOf: chunk.readableBytesView)
    }
    return bytes
  }
}

/// The connection ended before the body did: nobody is left to be answered.
struct ConnectionLost: Error {}
