/// The parts of an absolute URL, `scheme://[user[:password]@]host[:port]/path[?query][#fragment]` (RFC 3986), as far as
/// sources of ADD need them. Nothing is decoded unless it says so.
struct RemoteAddress: Sendable, Hashable {
  /// In lower case.
  var scheme: String
  var userInfo: String?
  /// With the port.
  var host: String
  /// Empty, or from the first slash on.
  var path: String
  var query: String?
  var fragment: String?

  /// Nil unless the text begins with letters or digits and `://`, and for a broken percent-encoding of path or fragment.
  init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"), colon > text.startIndex,
      text[..<colon].utf8.allSatisfy(ASCII.isLetterOrDigit)
    else { return nil }
    scheme = text[..<colon].lowercased()
    var rest = text[text.index(colon, offsetBy: 3)...]
    fragment = Self.cut(&rest, at: "#")
    query = Self.cut(&rest, at: "?")
    let pathStart = rest.firstIndex(of: "/") ?? rest.endIndex
    path = String(rest[pathStart...])
    let authority = rest[..<pathStart]
    if let at = authority.lastIndex(of: "@") {
      userInfo = String(authority[..<at])
      host = String(authority[authority.index(after: at)...])
    } else {
      host = String(authority)
    }
    guard Self.decode(path) != nil, fragment.map({ Self.decode($0) != nil }) ?? true else { return nil }
  }

  /// Takes off what comes behind the first `mark`, and the mark.
  private static func cut(_ text: inout Substring, at mark: Character) -> String? {
    guard let index = text.firstIndex(of: mark) else { return nil }
    defer { text = text[..<index] }
    return String(text[text.index(after: index)...])
  }

  /// Without query and fragment.
  var base: String { "\(scheme)://\(userInfo.map { "\($0)@" } ?? "")\(host)\(path)" }

  var decodedPath: String { Self.decode(path) ?? path }
  var decodedFragment: String? { fragment.flatMap { Self.decode($0) } }

  /// Nil where a percent sign is not followed by two hexadecimal digits.
  static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard rest.count >= 2, rest.prefix(2).allSatisfy(ASCII.isHexDigit),
          let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? ASCII.space : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Names and values of a query, in their order; pairs that are not well-formed are passed over, as in Go's `url.Query`.
  static func pairs(of query: some StringProtocol) -> [(name: String, value: String)] {
    query.split(separator: "&").compactMap { part in
      guard !part.contains(";") else { return nil }
      let equals = part.firstIndex(of: "=")
      let value = equals.map { part[part.index(after: $0)...] } ?? ""
      guard let name = decode(part[..<(equals ?? part.endIndex)], plusIsSpace: true),
        let value = decode(value, plusIsSpace: true)
      else { return nil }
      return (name, value)
    }
  }
}

extension ASCII {
  static func isLetterOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) }
  static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x66).contains(byte | 0x20) }
}
