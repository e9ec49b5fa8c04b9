/// A word of EXPOSE: `[[IP:]HOSTPORT:]PORT[-PORT][/PROTOCOL]`; what is before the port is checked and has no meaning.
struct PortSpecification {
  /// `PORT/PROTOCOL`, one for each port of a range.
  let ports: [String]

  /// Nil when the text names no ports.
  init?(_ text: String) {
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    let parts = (words.last ?? "").split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let range = Self.range(first) else { return nil }
    let proto = parts.count == 2 && !parts[1].isEmpty ? parts[1].lowercased() : "tcp"
    guard ["tcp", "udp", "sctp"].contains(proto) else { return nil }
    if words.count > 1, let hostPort = words.dropLast().last, !hostPort.isEmpty {
      // Several ports of the host may serve one of the container.
      guard let host = Self.range(hostPort), host.count == range.count || range.count == 1 else { return nil }
    }
    if words.count > 2, !Self.isAddress(words.dropLast(2).joined(separator: ":")) { return nil }
    ports = range.map { "\($0)/\(proto)" }
  }

  private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
    let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { number in
      isNumber(number) ? UInt16(number) : nil
    }
    guard (1...2).contains(bounds.count), let lower = bounds[0], let upper = bounds[bounds.count - 1], lower <= upper
    else { return nil }
    return lower...upper
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// IPv4, IPv6 with or without brackets, or nothing.
  private static func isAddress(_ text: String) -> Bool {
    if text.isEmpty { return true }
    let octets = text.split(separator: ".", omittingEmptySubsequences: false)
    if octets.count == 4, octets.allSatisfy({ isNumber($0) && UInt8($0).map(String.init) == String($0) }) {
      return true
    }
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let inner = isBracketed ? text.dropFirst().dropLast() : text[...]
    let groups = inner.split(separator: ":", omittingEmptySubsequences: false)
    return (3...9).contains(groups.count)
      && groups.allSatisfy { group in
        group.utf8.count <= 4 && group.allSatisfy(\.isHexDigit) || group.contains(".")
      }
  }
}
