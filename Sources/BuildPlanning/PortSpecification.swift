/// A word of EXPOSE: `[[IP:]HOSTPORT:]PORT[-PORT][/PROTOCOL]`; what is before the port is accepted and has no meaning.
struct PortSpecification {
  /// `PORT/PROTOCOL`, one for each port of a range.
  let ports: [String]

  /// Nil when the text names no ports.
  init?(_ text: String) {
    let container = text.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
    let parts = container.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let range = parts.first else { return nil }
    let proto = parts.count == 2 && !parts[1].isEmpty ? parts[1].lowercased() : "tcp"
    guard ["tcp", "udp", "sctp"].contains(proto) else { return nil }
    let bounds = range.split(separator: "-", omittingEmptySubsequences: false).map { number in
      number.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(number) : nil
    }
    guard (1...2).contains(bounds.count), let lower = bounds[0], let upper = bounds[bounds.count - 1], lower <= upper
    else { return nil }
    ports = (lower...upper).map { "\($0)/\(proto)" }
  }
}
