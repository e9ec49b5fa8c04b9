/// What may be written as the name of an image (distribution/reference, `ParseNormalizedNamed`).
enum ImageNameGrammar {
  /// Whether a text is `[domain/]path[:tag][@digest]`.
  static func accepts(_ text: String) -> Bool {
    guard !isIdentifier(text) else { return false }
    var rest = Substring(text)
    if let at = rest.firstIndex(of: "@") {
      guard isDigest(rest[rest.index(after: at)...]) else { return false }
      rest = rest[..<at]
    }
    // A colon behind the last slash begins a tag; one before it belongs to a port.
    let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
    if let colon = rest[lastSlash...].lastIndex(of: ":") {
      guard isTag(rest[rest.index(after: colon)...]) else { return false }
      rest = rest[..<colon]
    }
    guard rest.utf8.count <= 255 else { return false }
    var components = rest.split(separator: "/", omittingEmptySubsequences: false)
    if components.count > 1, let first = components.first, looksLikeDomain(first) {
      guard isDomain(first) else { return false }
      components.removeFirst()
    }
    return components.allSatisfy(isPathComponent)
  }

  /// 64 hexadecimal digits are an image's identifier, not a name.
  private static func isIdentifier(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { isLowerHexadecimal($0) }
  }

  /// Only what cannot be a path component is taken for a domain.
  private static func looksLikeDomain(_ text: Substring) -> Bool {
    text == "localhost" || text.contains { $0 == "." || $0 == ":" } || text.utf8.contains(where: isUpper)
  }

  private static func isDomain(_ text: Substring) -> Bool {
    if text.hasPrefix("[") {
      guard let close = text.firstIndex(of: "]") else { return false }
      let address = text[..<close].dropFirst()
      let port = text[close...].dropFirst()
      return !address.isEmpty && address.utf8.allSatisfy { isHexadecimal($0) || $0 == UInt8(ascii: ":") }
        && (port.isEmpty || isPort(port))
    }
    let colon = text.firstIndex(of: ":") ?? text.endIndex
    let labels = text[..<colon].split(separator: ".", omittingEmptySubsequences: false)
    return labels.allSatisfy(isDomainLabel) && (colon == text.endIndex || isPort(text[colon...]))
  }

  private static func isDomainLabel(_ text: Substring) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && bytes.allSatisfy { isAlphanumeric($0) || $0 == ASCII.hyphen }
  }

  /// With its colon.
  private static func isPort(_ text: Substring) -> Bool {
    text.utf8.count > 1 && text.hasPrefix(":") && text.utf8.dropFirst().allSatisfy(ASCII.isDigit)
  }

  /// Small letters and digits; between them one period, one or two underscores, or hyphens.
  private static func isPathComponent(_ text: Substring) -> Bool {
    var separator: [UInt8] = []
    var hasWord = false
    for byte in text.utf8 {
      if isLowerAlphanumeric(byte) {
        guard separator.isEmpty || hasWord && isSeparator(separator) else { return false }
        separator = []
        hasWord = true
      } else {
        separator.append(byte)
      }
    }
    return hasWord && separator.isEmpty
  }

  private static func isSeparator(_ bytes: [UInt8]) -> Bool {
    bytes == [UInt8(ascii: ".")] || bytes == [UInt8(ascii: "_")] || bytes == [UInt8(ascii: "_"), UInt8(ascii: "_")]
      || bytes.allSatisfy { $0 == ASCII.hyphen }
  }

  private static func isTag(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
    func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
    return isWord(first)
      && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == ASCII.hyphen }
  }

  private static func isDigest(_ text: Substring) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    let lengths = ["sha256": 64, "sha384": 96, "sha512": 128]
    return lengths[String(parts[0])] == parts[1].utf8.count && parts[1].utf8.allSatisfy(isLowerHexadecimal)
  }

  // MARK: Characters

  private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
  private static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool { isLower(byte) || ASCII.isDigit(byte) }
  private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || isUpper(byte) }
  private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isLowerHexadecimal(byte) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }
}
