import DeployPlugins
import Foundation
import HTTP
import HostOS
import JSON
import NIOHTTP1

/// A request that has to be answered as expected.
struct HTTPCheck: Sendable {
  let url: String
  let statuses: Set<Int>
  let contains: String?
  let headers: [(name: String, value: String)]
  let timeout: Duration

  init(_ config: DeployConfig) throws(PluginFailure) {
    let place: DeployConfig
    if let text = config["http"]?.string {
      place = DeployConfig(["url": .string(text)], at: config.pointer.appending("http"))
    } else {
      place = try config.child("http") ?? config
    }
    url = try place.string("url") ?? ""
    guard let address = URL(string: url), ["http", "https"].contains(address.scheme ?? ""), address.host() != nil else {
      throw place.failure("url", "\"\(url)\" is no address of HTTP", hint: "write it as https://HOST/PATH")
    }
    let list = place["status"].map { $0.array ?? [$0] } ?? [200]
    statuses = Set(list.compactMap(\.int))
    guard statuses.count == list.count else { throw place.failure("status", "status has to be a status such as 200") }
    contains = try place.string("contains")
    headers = try place.map("headers") ?? []
    timeout = try place.duration("timeout") ?? .seconds(10)
  }

  /// Nil when it is answered as expected.
  func reason(_ environment: HostOS.Environment) async throws -> String? {
    do {
      guard let address = URL(string: url) else { return "\(url) is no address" }
      let transport = HTTPTransport.live(
        trustRoots: try TrustRoots(environment), proxies: try ProxySettings(environment))
      let client = HTTPClient(transport: transport, userAgent: "slipway", retryPolicy: RetryPolicy(attempts: 1))
      var request = HTTPRequest(.GET, address)
      for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
      request.headTimeout = timeout
      let response = try await client.send(request)
      let body = try await response.body.collect(limit: 4 << 20)
      guard statuses.contains(response.status) else { return "it answers with status \(response.status)" }
      guard let contains, !String(decoding: body, as: UTF8.self).contains(contains) else { return nil }
      return "its answer does not contain \"\(contains)\""
    } catch let error as HTTPError {
      try Task.checkCancellation()
      return error.message
    }
  }
}
