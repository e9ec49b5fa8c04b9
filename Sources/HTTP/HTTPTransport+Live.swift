import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

extension HTTPTransport {
  /// How long the network may be silent.
  public struct Timeouts: Sendable, Hashable {
    /// To set up a connection, TLS included.
    public var connect: Duration
    /// Between two pieces of a body, either way, and from the end of an upload to the head of its answer.
    public var stall: Duration

    public init(connect: Duration = .seconds(15), stall: Duration = .seconds(120)) {
      self.connect = connect
      self.stall = stall
    }
  }

  /// The network of this machine. Connections are kept open for further requests until the value goes.
  public static func live(
    trustRoots: TrustRoots = .system, proxies: ProxySettings = .none, timeouts: Timeouts = Timeouts()
  ) -> HTTPTransport {
    let connections = Connections(trustRoots: trustRoots, proxies: proxies, timeouts: timeouts)
    return HTTPTransport { try await connections.exchange($0) }
  }
}

/// The connections of one transport: a pool for each proxy, and for those with TLS and those without.
private final class Connections: Sendable {
  private typealias Pool = AsyncHTTPClient.HTTPClient

  private let trustRoots: TrustRoots
  private let proxies: ProxySettings
  private let timeouts: HTTPTransport.Timeouts
  private struct PoolKey: Hashable {
    var proxy: ProxySettings.Proxy?
    var isSecure: Bool
  }

  private let pools = Mutex<[PoolKey: Pool]>([:])

  init(trustRoots: TrustRoots, proxies: ProxySettings, timeouts: HTTPTransport.Timeouts) {
    self.trustRoots = trustRoots
    self.proxies = proxies
    self.timeouts = timeouts
  }

  deinit {
    for pool in pools.withLock({ $0.values.map { $0 } }) { pool.shutdown { _ in } }
  }

  func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard request.url.isWeb, (1...65_535).contains(request.url.effectivePort ?? 0) else {
      throw HTTPError(.invalidURL, "\(Redaction.url(request.url)) is not an address of the web")
    }
    let upload = Upload()
    do {
      let answer = try await pool(for: request.url).execute(
        try translated(request, upload), deadline: deadline(of: request))
      return HTTPResponse(
        status: Int(answer.status.code), headers: answer.headers,
        body: HTTPBytes(LiveBody(base: HTTPBytes(answer.body), url: request.url, connections: self)), url: request.url)
    } catch {
      if let failure = upload.failure { throw failure }
      if Task.isCancelled { throw CancellationError() }
      throw HTTPError.explaining(error, url: request.url)
    }
  }

  private func deadline(of request: HTTPRequest) -> NIODeadline {
    if case .stream = request.body { return .distantFuture }
    return request.headTimeout.map { .now() + TimeAmount($0) } ?? .distantFuture
  }

  private func translated(_ request: HTTPRequest, _ upload: Upload) throws -> HTTPClientRequest {
    var result = HTTPClientRequest(url: request.url.absoluteString)
    result.method = request.method
    result.headers = request.headers
    switch request.body {
    case .none: break
    case .bytes(let bytes): result.body = .bytes(bytes)
    case .stream(let bytes, let length):
      result.body = .stream(UploadBody(base: bytes, upload: upload), length: length.map { .known($0) } ?? .unknown)
    }
    if !request.verifiesCertificate || request.certificates != nil {
      var tls = try tlsConfiguration
      if !request.verifiesCertificate { tls.certificateVerification = .none }
      request.certificates?.add(to: &tls)
      result.tlsConfiguration = tls
    }
    return result
  }

  private func pool(for url: URL) throws -> Pool {
    let key = PoolKey(proxy: proxies.proxy(for: url), isSecure: url.scheme == "https")
    return try pools.withLock { pools in
      if let pool = pools[key] { return pool }
      let pool = Pool(configuration: try configuration(key))
      pools[key] = pool
      return pool
    }
  }

  private func configuration(_ key: PoolKey) throws -> Pool.Configuration {
    var configuration = Pool.Configuration(
      tlsConfiguration: key.isSecure ? try tlsConfiguration : nil, redirectConfiguration: .disallow,
      timeout: .init(connect: TimeAmount(timeouts.connect), read: TimeAmount(timeouts.stall)))
    configuration.timeout.write = TimeAmount(timeouts.stall)
    // One connection for a body: HTTP/2 would send all bodies through one connection and one window.
    configuration.httpVersion = .http1Only
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
    // Failures come to our own policy at once.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.proxy = key.proxy.map { proxy in
      .server(
        host: proxy.host, port: proxy.port,
        authorization: proxy.user.map { .basic(username: $0, password: proxy.password ?? "") })
    }
    return configuration
  }

  private var tlsConfiguration: TLSConfiguration {
    get throws {
      let additional = try trustRoots.additional
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.additionalTrustRoots = additional.isEmpty ? [] : [.certificates(additional)]
      return tls
    }
  }
}

/// Remembers why a request body failed, which is more than the connection knows.
private final class Upload: Sendable {
  private let state = Mutex<(any Error)?>(nil)
  var failure: (any Error)? { state.withLock { $0 } }
  func fail(_ error: any Error) { state.withLock { $0 = $0 ?? error } }
}

/// The body of a request, watched for errors of its source.
private struct UploadBody: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let base: HTTPBytes
  let upload: Upload

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), upload: upload) }

  struct AsyncIterator: AsyncIteratorProtocol {
    var base: HTTPBytes.AsyncIterator
    let upload: Upload

    mutating func next() async throws -> ByteBuffer? {
      do { return try await base.next() } catch {
        upload.fail(error)
        throw error
      }
    }
  }
}

/// The body of an answer. It keeps the connections alive, which otherwise close with the last user.
private struct LiveBody: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let base: HTTPBytes
  let url: URL
  let connections: Connections

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: base.makeAsyncIterator(), url: url, connections: connections)
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    var base: HTTPBytes.AsyncIterator
    let url: URL
    let connections: Connections

    mutating func next() async throws -> ByteBuffer? {
      do { return try await base.next() } catch {
        if Task.isCancelled { throw CancellationError() }
        throw HTTPError.explaining(error, url: url)
      }
    }
  }
}
