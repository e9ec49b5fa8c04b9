public import Foundation
import NIOHTTP1

extension HTTPClient {
  /// Secrets that are meant for one origin alone.
  private static let originBound = ["Authorization", "Cookie", "Proxy-Authorization"]

  /// Follows redirects (RFC 9110, 15.4). A stream cannot be sent twice, so an answer that redirects one is returned.
  func followingRedirects(_ original: HTTPRequest) async throws -> HTTPResponse {
    var request = original
    var count = 0
    while true {
      let response = try await exchange(request)
      guard let next = try redirected(request, by: response) else { return response }
      count += 1
      guard count <= redirectLimit else {
        throw HTTPError(
          .tooManyRedirects, "\(Redaction.url(original.url)) redirects more than \(redirectLimit) times")
      }
      trace.report(.redirect(from: Redaction.url(request.url), to: Redaction.url(next.url)))
      request = next
    }
  }

  /// The request to send next; nil when the response is no redirect or cannot be followed.
  private func redirected(_ request: HTTPRequest, by response: HTTPResponse) throws -> HTTPRequest? {
    guard [301, 302, 303, 307, 308].contains(response.status), let location = response.headers.first(name: "Location"),
      request.body.isReplayable
    else { return nil }
    let isRead = request.method == .GET || request.method == .HEAD
    guard isRead || response.status >= 303 else { return nil }
    guard let url = request.url.resolving(location), url.isWeb else {
      throw HTTPError(.invalidRedirect, "\(Redaction.url(request.url)) redirects to what is not an address of the web")
    }
    var next = request
    next.url = url
    if response.status == 303, !isRead {
      next.method = .GET
      next.body = .none
      next.headers.remove(name: "Content-Type")
      next.headers.remove(name: "Content-Length")
    }
    if !url.hasSameOrigin(as: request.url) {
      for name in Self.originBound { next.headers.remove(name: name) }
      next.verifiesCertificate = true
      next.certificates = nil
    }
    return next
  }
}

extension URL {
  /// An absolute address from a `Location`, which may be relative; its query is kept as it is.
  public func resolving(_ location: String) -> URL? {
    URL(string: location, relativeTo: self)?.absoluteURL
  }

  /// Whether scheme, host and port are the same.
  public func hasSameOrigin(as other: URL) -> Bool {
    scheme?.lowercased() == other.scheme?.lowercased() && host()?.lowercased() == other.host()?.lowercased()
      && effectivePort == other.effectivePort
  }

  /// The port, or the usual one of the scheme.
  public var effectivePort: Int? {
    if let port { return port }
    switch scheme?.lowercased() {
    case "http": return 80
    case "https": return 443
    default: return nil
    }
  }

  var isWeb: Bool {
    let scheme = scheme?.lowercased()
    return (scheme == "http" || scheme == "https") && !(host() ?? "").isEmpty
  }
}
