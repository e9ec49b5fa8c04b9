import Diagnostics
public import Foundation

extension HTTPTransport {
  /// The same for hosts of this machine alone: to all others no socket is opened, nor is their name looked up.
  public var offline: HTTPTransport {
    HTTPTransport { [exchange] request in
      guard request.url.isLoopback else {
        throw HTTPError(.offline, "\(request.url.host() ?? "the server") is not of this machine, and --offline is set")
      }
      return try await exchange(request)
    }
  }
}

extension URL {
  /// Whether its host is this machine by its loopback interface: `localhost`, `127.…`, `::1`.
  public var isLoopback: Bool {
    guard let host = host()?.lowercased().trimmingCharacters(in: ["[", "]"]) else { return false }
    if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    return octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
  }
}
