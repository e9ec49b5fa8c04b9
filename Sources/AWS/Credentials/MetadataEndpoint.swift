import Foundation
import HTTP
import NIOHTTP1

/// A server beside the machine that tells it who it is, by plain HTTP.
struct MetadataEndpoint: Sendable {
  let http: HTTPClient
  /// How long it may take to answer.
  var timeout: Duration
  var attempts: Int

  /// - Parameter http: its redirects are not followed.
  init(http: HTTPClient, timeout: Duration, attempts: Int) {
    var http = http
    http.redirectLimit = 0
    http.retryPolicy.attempts = attempts
    http.retryPolicy.longestPause = .seconds(1)
    self.http = http
    self.timeout = timeout
    self.attempts = attempts
  }

  /// - Throws: `HTTPError`.
  func ask(_ method: HTTPMethod, _ url: URL, _ headers: HTTPHeaders) async throws -> (status: Int, body: [UInt8]) {
    var request = HTTPRequest(method, url, headers: headers)
    request.headTimeout = timeout
    let response = try await http.send(request)
    return (response.status, try await response.body.collect(limit: 1 << 20))
  }
}
