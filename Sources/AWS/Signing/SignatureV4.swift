import Crypto
import Foundation
import HTTP
import HostOS
import NIOHTTP1

/// Signs requests with AWS Signature Version 4, in their headers.
struct SignatureV4: Sendable {
  static let algorithm = "AWS4-HMAC-SHA256"

  var credentials: AWSCredentials
  var region: String
  /// The service's name in signatures, such as `ecr`.
  var service: String

  /// Adds date, token and signature. What is added to the headers later is not signed.
  /// - Parameter now: seconds since 1970, by the service's clock.
  func sign(_ request: inout HTTPRequest, now: Double) {
    let date = Self.date(now)
    let bodyHash = SHA256Hasher.hex(of: Self.body(of: request))
    request.headers.replaceOrAdd(name: "X-Amz-Date", value: date)
    if let token = credentials.sessionToken { request.headers.replaceOrAdd(name: "X-Amz-Security-Token", value: token) }
    if service == "s3" { request.headers.replaceOrAdd(name: "X-Amz-Content-Sha256", value: bodyHash) }
    let canonical = CanonicalRequest(
      method: request.method.rawValue, path: request.url.path(percentEncoded: true),
      query: request.url.query(percentEncoded: true) ?? "",
      headers: [("Host", Self.host(of: request.url))] + request.headers.map { ($0.name, $0.value) },
      bodyHash: bodyHash, keepsPath: service == "s3")
    request.headers.replaceOrAdd(name: "Authorization", value: authorization(for: canonical, date: date))
  }

  /// The value of `Authorization`.
  /// - Parameter date: such as `20150830T123600Z`.
  func authorization(for request: CanonicalRequest, date: String) -> String {
    let signature = Self.hex(hmac(signingKey(date), stringToSign(request, date: date)))
    return "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(date)), "
      + "SignedHeaders=\(request.signedHeaders), Signature=\(signature)"
  }

  func stringToSign(_ request: CanonicalRequest, date: String) -> String {
    [Self.algorithm, date, scope(date), SHA256Hasher.hex(of: request.text.utf8)].joined(separator: "\n")
  }

  private func scope(_ date: String) -> String { "\(date.prefix(8))/\(region)/\(service)/aws4_request" }

  private func signingKey(_ date: String) -> SymmetricKey {
    var key = SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))
    for part in [String(date.prefix(8)), region, service, "aws4_request"] { key = SymmetricKey(data: hmac(key, part)) }
    return key
  }

  private func hmac(_ key: SymmetricKey, _ text: String) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func date(_ seconds: Double) -> String {
    let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
    return Date(timeIntervalSince1970: seconds).formatted(style)
  }

  /// As the client writes it: with a port where it is not the usual one.
  private static func host(of url: URL) -> String {
    let host = url.host(percentEncoded: true) ?? ""
    let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    let usual = url.scheme == "http" ? 80 : 443
    return url.port.map { $0 == usual ? name : "\(name):\($0)" } ?? name
  }

  private static func body(of request: HTTPRequest) -> [UInt8] {
    if case .bytes(let bytes) = request.body { bytes } else { [] }
  }
}
