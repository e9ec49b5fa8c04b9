public import Foundation
public import HostOS

/// Which proxy stands before which host, as `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in lower or
/// upper case. Loopback and link-local hosts are never reached through a proxy: there it would find others of their names.
public struct ProxySettings: Sendable, Hashable {
  /// A proxy and what to tell it about ourselves.
  public struct Proxy: Sendable, Hashable {
    public var host: String
    public var port: Int
    public var user: String?
    public var password: String?
  }

  private var proxies: [String: Proxy] = [:]
  private var exceptions: [String] = []

  public static let none = ProxySettings()
  private init() {}

  /// - Throws: `HTTPError` with the code `proxy-failure` when a variable is not the address of an HTTP proxy.
  public init(_ environment: Environment) throws {
    func value(_ name: String) -> String? {
      environment.nonEmpty(name.lowercased()) ?? environment.nonEmpty(name)
    }
    // In CGI programs HTTP_PROXY in capitals is the header `Proxy` of a client, so curl and Go ignore it there.
    let isCGI = environment.nonEmpty("REQUEST_METHOD") != nil
    for (scheme, name) in [("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY")] {
      let specific = isCGI && scheme == "http" ? environment.nonEmpty("http_proxy") : value(name)
      guard let text = specific ?? value("ALL_PROXY") else { continue }
      proxies[scheme] = try Self.proxy(text, from: name)
    }
    exceptions = (value("NO_PROXY") ?? "").lowercased()
      .split { $0 == "," || $0 == " " }.map(String.init)
  }

  /// The proxy for an address; nil means to connect directly.
  public func proxy(for url: URL) -> Proxy? {
    guard let scheme = url.scheme?.lowercased(), let proxy = proxies[scheme], let host = url.host()?.lowercased()
    else { return nil }
    let bare = host.trimmingCharacters(in: ["[", "]"])
    if bare == "localhost" || bare == "::1" || bare.hasPrefix("127.") { return nil }
    // Metadata services of clouds; those of EC2 and EKS have IPv6 addresses in a block of their own.
    if bare.hasPrefix("169.254.") || bare.hasPrefix("fe80:") || bare.hasPrefix("fd00:ec2:") { return nil }
    return exceptions.contains { Self.matches($0, bare, url.effectivePort) } ? nil : proxy
  }

  /// `*`, `host`, `.host`, `*.host`, each with an optional port; a host stands for its subdomains too.
  private static func matches(_ exception: String, _ host: String, _ port: Int?) -> Bool {
    if exception == "*" { return true }
    if let network = IPv4Network(exception), let address = IPv4Network.address(host) {
      return network.contains(address)
    }
    var name = exception[...]
    if let colon = name.lastIndex(of: ":"), let wanted = Int(name[name.index(after: colon)...]) {
      guard wanted == port else { return false }
      name = name[..<colon]
    }
    if name.hasPrefix("*") { name = name.dropFirst() }
    if name.hasPrefix(".") { name = name.dropFirst() }
    return !name.isEmpty && (host == name || host.hasSuffix(".\(name)"))
  }

  private static func proxy(_ text: String, from variable: String) throws -> Proxy {
    let full = text.contains("://") ? text : "http://\(text)"
    guard let url = URL(string: full), url.scheme == "http", let host = url.host(), !host.isEmpty,
      (1...65_535).contains(url.port ?? 80)
    else {
      throw HTTPError(
        .proxyFailure, "\(variable) is not the address of an HTTP proxy", help: "write http://HOST:PORT")
    }
    return Proxy(
      host: host, port: url.port ?? 80, user: url.user(percentEncoded: false),
      password: url.password(percentEncoded: false))
  }
}

/// `10.0.0.0/8`, as `NO_PROXY` may have it.
struct IPv4Network {
  private let base: UInt32
  private let mask: UInt32

  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let base = Self.address(String(parts[0])), let length = UInt32(parts[1]), length <= 32
    else { return nil }
    mask = length == 0 ? 0 : ~UInt32(0) << (32 - length)
    self.base = base & mask
  }

  func contains(_ address: UInt32) -> Bool { address & mask == base }

  static func address(_ text: String) -> UInt32? {
    let octets = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard octets.count == 4 else { return nil }
    var value: UInt32 = 0
    for octet in octets {
      guard let octet else { return nil }
      value = value << 8 | UInt32(octet)
    }
    return value
  }
}
