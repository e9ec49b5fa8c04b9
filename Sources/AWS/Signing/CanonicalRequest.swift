import Foundation
import HostOS

/// A request in the one form that both sides compute the signature of (AWS Signature Version 4, "Create a canonical
/// request").
struct CanonicalRequest: Sendable {
  var method: String
  /// As it is sent, before the question mark.
  var path: String
  /// As it is sent, without the question mark.
  var query: String
  /// All of them are signed. A name may be there several times.
  var headers: [(name: String, value: String)]
  /// SHA-256 of the body, in hexadecimal digits.
  var bodyHash: String
  /// S3 takes paths as they are: they are names of objects.
  var keepsPath = false

  /// Names in lower case, in order, separated by semicolons.
  var signedHeaders: String { canonicalHeaders.map(\.name).joined(separator: ";") }

  /// The lines that are signed.
  var text: String {
    let lines = canonicalHeaders.map { "\($0.name):\($0.value)\n" }.joined()
    return [method, canonicalPath, canonicalQuery, lines, signedHeaders, bodyHash].joined(separator: "\n")
  }

  private var canonicalHeaders: [(name: String, value: String)] {
    var values: [String: [String]] = [:]
    for header in headers { values[header.name.lowercased(), default: []].append(Self.trimmed(header.value)) }
    return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.joined(separator: ",")) }
  }

  /// Without blanks at the ends, and one where several are.
  private static func trimmed(_ value: String) -> String {
    value.split { $0.isWhitespace }.joined(separator: " ")
  }

  /// What was encoded for sending is encoded once more, but for S3.
  private var canonicalPath: String {
    if keepsPath { return path.isEmpty ? "/" : path }
    return PercentEncoding.encode(Self.normalized(path), keepsSlash: true)
  }

  /// Without `.`, `..` and empty parts (RFC 3986, 5.2.4).
  private static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    let joined = "/" + parts.joined(separator: "/")
    return path.hasSuffix("/") && joined != "/" ? joined + "/" : joined
  }

  private var canonicalQuery: String {
    let items = query.split(separator: "&").map { item -> (String, String) in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.recoded(parts[0]), parts.count == 2 ? Self.recoded(parts[1]) : "")
    }
    return items.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  private static func recoded(_ text: Substring) -> String {
    PercentEncoding.encode(String(text).removingPercentEncoding ?? String(text))
  }
}
