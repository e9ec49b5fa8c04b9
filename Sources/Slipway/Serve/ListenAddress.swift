import Diagnostics

/// `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for all addresses of the machine.
struct ListenAddress: Sendable, Hashable {
  var host: String
  var port: Int

  /// - Throws: `SlipwayError` with the code `invalid-listen`.
  init(parsing text: String) throws {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw Self.invalid(text)
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw Self.invalid(text)
    }
    self.host = host.isEmpty ? "0.0.0.0" : String(host)
    self.port = Int(port)
  }

  private static func invalid(_ text: String) -> SlipwayError {
    SlipwayError(
      "invalid-listen", "\"\(text)\" is not an address to listen at",
      help: ["write HOST:PORT, such as 127.0.0.1:5000, [::1]:5000 or 0.0.0.0:5000; port 0 takes a free one"])
  }

  /// Whether no other machine can reach it.
  var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// As it stands in names of images.
  static func text(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
