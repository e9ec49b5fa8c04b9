public import Foundation

/// Takes secrets out of what is shown to people.
public enum Redaction {
  /// Parameters of queries whose values are no secrets. Values of all others are hidden: signatures have many names.
  private static let harmless: Set<String> = [
    "account", "artifactType", "client_id", "digest", "from", "last", "mount", "n", "ns", "scope", "service", "tag",
    "Action", "Version",
  ]
  private static let secretHeaders: Set<String> = [
    "authorization", "cookie", "proxy-authorization", "set-cookie", "x-amz-security-token", "x-amz-sso_bearer_token",
    "x-aws-ec2-metadata-token", "x-registry-auth",
  ]
  public static let mark = "[hidden]"

  /// Without user and password, fragment, and the values of parameters that may be secret.
  public static func url(_ url: URL) -> String {
    guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return mark }
    let query = parts.percentEncodedQuery
    parts.user = nil
    parts.password = nil
    parts.fragment = nil
    parts.percentEncodedQuery = nil
    guard let text = parts.string else { return mark }
    guard let query else { return text }
    let shown = query.split(separator: "&", omittingEmptySubsequences: true).map { parameter -> String in
      let name = parameter.prefix { $0 != "=" }
      return harmless.contains(String(name)) || name.count == parameter.count ? String(parameter) : "\(name)=\(mark)"
    }
    return "\(text)?\(shown.joined(separator: "&"))"
  }

  public static func header(_ name: String, _ value: String) -> String {
    secretHeaders.contains(name.lowercased()) ? "\(name): \(mark)" : "\(name): \(value)"
  }
}
