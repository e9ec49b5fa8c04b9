public import Foundation
public import NIOHTTP1

/// What is asked of a server.
public struct HTTPRequest: Sendable {
  public enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// Sent as it comes, with a length in bytes if that is known before. It cannot be sent a second time.
    case stream(HTTPBytes, length: Int64?)

    var isReplayable: Bool {
      if case .stream = self { false } else { true }
    }
  }

  public var method: HTTPMethod
  public var url: URL
  public var headers: HTTPHeaders
  public var body: Body
  /// Whether the server must prove who it is. Only for servers that the user named as insecure may it be false.
  public var verifiesCertificate = true
  /// What is believed of the server beside the trust roots of all, and what is shown to it.
  public var certificates: HostCertificates?
  /// Whether the client's policy may repeat it; a stream is never repeated.
  public var mayRetry = true
  /// The longest wait for the head of the answer to a request without a stream; nil takes the client's.
  public var headTimeout: Duration?

  public init(_ method: HTTPMethod, _ url: URL, headers: HTTPHeaders = [:], body: Body = .none) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }
}

/// What a server answered. The body streams from the connection: read it once, or let the value go.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var headers: HTTPHeaders
  public var body: HTTPBytes
  /// Where the answer came from in the end, after redirects.
  public var url: URL

  public init(status: Int, headers: HTTPHeaders = [:], body: HTTPBytes = .empty, url: URL) {
    self.status = status
    self.headers = headers
    self.body = body
    self.url = url
  }

  public var isSuccess: Bool { (200..<300).contains(status) }
}
