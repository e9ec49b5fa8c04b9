import HostOS

/// Computes the signature of a request that somebody sent, as services do (AWS Signature Version 4, in headers).
public struct SignatureCheck: Sendable {
  /// Of the credentials, such as `AKIA…`.
  public let accessKeyID: String
  /// Such as `20150830T123600Z`.
  public let date: String
  public let region: String
  /// The service's name in signatures.
  public let service: String
  private let signedHeaders: [String]
  private let signature: String

  /// Nil when there is no such signature in the headers.
  public init?(headers: [(name: String, value: String)]) {
    func value(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    guard let authorization = value("authorization"), let date = value("x-amz-date"),
      authorization.hasPrefix(SignatureV4.algorithm + " ")
    else { return nil }
    var parts: [String: String] = [:]
    for part in authorization.dropFirst(SignatureV4.algorithm.count).split(separator: ",") {
      let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      if pair.count == 2 { parts[String(pair[0])] = String(pair[1]) }
    }
    let scope = parts["Credential"]?.split(separator: "/").map(String.init) ?? []
    guard scope.count == 5, scope[1] == date.prefix(8), scope[4] == "aws4_request",
      let names = parts["SignedHeaders"], let signature = parts["Signature"]
    else { return nil }
    (accessKeyID, region, service) = (scope[0], scope[2], scope[3])
    self.date = date
    signedHeaders = names.split(separator: ";").map(String.init)
    self.signature = signature
  }

  /// Whether the request was signed with this secret, and nothing that is signed was changed since.
  /// - Parameters:
  ///   - target: path and query, as they were sent.
  ///   - body: all of it.
  public func accepts(
    method: String, target: String, headers: [(name: String, value: String)], body: [UInt8], secret: String
  ) -> Bool {
    guard signedHeaders.contains("host") else { return false }
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let canonical = CanonicalRequest(
      method: method, path: String(parts[0]), query: parts.count == 2 ? String(parts[1]) : "",
      headers: headers.filter { signedHeaders.contains($0.name.lowercased()) }, bodyHash: SHA256Hasher.hex(of: body),
      keepsPath: service == "s3")
    let credentials = AWSCredentials(accessKeyID: accessKeyID, secretAccessKey: secret, origin: "a request")
    let signer = SignatureV4(credentials: credentials, region: region, service: service)
    return canonical.signedHeaders == signedHeaders.joined(separator: ";")
      && signer.authorization(for: canonical, date: date).hasSuffix("Signature=\(signature)")
  }
}
