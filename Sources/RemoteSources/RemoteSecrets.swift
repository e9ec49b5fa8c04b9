import Diagnostics

/// Where headers and tokens for downloads come from: the secrets of the build, by their ids.
public struct RemoteSecrets: Sendable {
  /// Nil when there is no such secret.
  public var value: @Sendable (String) async throws -> [UInt8]?

  public init(_ value: @escaping @Sendable (String) async throws -> [UInt8]?) { self.value = value }

  public static let none = RemoteSecrets { _ in nil }

  /// The `Authorization` of a download: the secret `HTTP_AUTH_TOKEN_<host>` as a bearer token, else
  /// `HTTP_AUTH_HEADER_<host>` as it is. The host is without its port (BuildKit, `source/http`).
  func authorization(host: String) async throws -> String? {
    if let token = try await text("HTTP_AUTH_TOKEN_\(host)") { return "Bearer \(token)" }
    return try await text("HTTP_AUTH_HEADER_\(host)")
  }

  /// The `Authorization` of a git repository: `GIT_AUTH_HEADER.<host>`, `GIT_AUTH_TOKEN.<host>`, then both without the
  /// host, which is with its port here (BuildKit, `source/git`).
  func gitAuthorization(host: String) async throws -> String? {
    for suffix in [".\(host)", ""] {
      if let header = try await text("GIT_AUTH_HEADER\(suffix)") { return header }
      if let token = try await text("GIT_AUTH_TOKEN\(suffix)") {
        return BasicAuthorization.header(user: "x-access-token", password: token)
      }
    }
    return nil
  }

  /// Without the line break that files end with, which no header can hold.
  private func text(_ id: String) async throws -> String? {
    guard let bytes = try await value(id) else { return nil }
    var text = String(decoding: bytes, as: UTF8.self)
    while let last = text.unicodeScalars.last, last == "\n" || last == "\r" { text.unicodeScalars.removeLast() }
    guard !text.isEmpty, !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" }) else {
      throw RemoteSourceError(
        "unusable-secret", "the secret \(id) cannot be the value of a header: it is empty or has several lines",
        help: ["put the token or the header into it, in one line"], exitCode: .usage)
    }
    return text
  }
}
