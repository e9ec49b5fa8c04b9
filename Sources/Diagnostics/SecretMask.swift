/// Hides secrets in a stream of output, whatever pieces it comes in.
public struct SecretMask: Sendable {
  /// By their first byte; the longest first, so that a secret that begins with another one is hidden whole.
  private var secrets: [UInt8: [[UInt8]]] = [:]
  private var pending: [UInt8] = []
  private static let stars = Array("***".utf8)
  /// What is shorter is hardly a secret, and hiding it would make the output illegible.
  private static let shortest = 4

  /// - Parameter values: whole secrets. Of those with several lines, each line is hidden, too.
  public init(_ values: [[UInt8]] = []) {
    for value in values { add(value) }
  }

  /// From now on this is a secret, too.
  public mutating func add(_ value: some Sequence<UInt8>) {
    let lines = Array(value).split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }).map(
      Array.init)
    let parts = lines.count > 1 ? lines.filter { $0.count >= 2 * Self.shortest } : lines
    for part in parts where part.count >= Self.shortest && secrets[part[0]]?.contains(part) != true {
      secrets[part[0], default: []].append(part)
      secrets[part[0]]?.sort { $0.count > $1.count }
    }
  }

  /// What may be shown by now: an end that may be the beginning of a secret waits for what follows.
  public mutating func append(_ bytes: some Collection<UInt8>) -> [UInt8] {
    if secrets.isEmpty { return Array(bytes) }
    pending += bytes
    return take(all: false)
  }

  /// What was held back.
  public mutating func finish() -> [UInt8] { take(all: true) }

  /// A whole text.
  public func masked(_ text: String) -> String {
    var copy = self
    copy.pending = []
    let bytes = copy.append(Array(text.utf8))
    return String(decoding: bytes + copy.finish(), as: UTF8.self)
  }

  private mutating func take(all: Bool) -> [UInt8] {
    var shown: [UInt8] = []
    var position = pending.startIndex
    while position < pending.endIndex {
      guard let candidates = secrets[pending[position]] else {
        shown.append(pending[position])
        position += 1
        continue
      }
      let rest = pending[position...]
      if !all, candidates.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) { break }
      if let secret = candidates.first(where: { rest.starts(with: $0) }) {
        shown += Self.stars
        position += secret.count
      } else {
        shown.append(pending[position])
        position += 1
      }
    }
    pending.removeFirst(position)
    return shown
  }
}
