/// Hides secrets in a stream of output, whatever pieces it comes in.
struct SecretMask {
  /// The longest first, so that a secret that begins with another one is hidden whole.
  private let secrets: [[UInt8]]
  private var pending: [UInt8] = []
  private static let stars = Array("***".utf8)
  /// What is shorter is hardly a secret, and hiding it would make the output illegible.
  private static let shortest = 4

  /// - Parameter values: whole secrets. Of those with several lines, each line is hidden, too.
  init(_ values: [[UInt8]]) {
    var secrets: Set<[UInt8]> = []
    for value in values {
      let lines = value.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }).map(Array.init)
      secrets.formUnion(lines.count > 1 ? lines.filter { $0.count >= 2 * Self.shortest } : lines)
    }
    self.secrets = secrets.filter { $0.count >= Self.shortest }.sorted {
      $0.count != $1.count ? $0.count > $1.count : $0.lexicographicallyPrecedes($1)
    }
  }

  /// What may be shown by now: an end that may be the beginning of a secret waits for what follows.
  mutating func append(_ bytes: [UInt8]) -> [UInt8] {
    if secrets.isEmpty { return bytes }
    pending += bytes
    return take(all: false)
  }

  /// What was held back.
  mutating func finish() -> [UInt8] { take(all: true) }

  private mutating func take(all: Bool) -> [UInt8] {
    var shown: [UInt8] = []
    var position = pending.startIndex
    while position < pending.endIndex {
      let rest = pending[position...]
      if !all, secrets.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) { break }
      if let secret = secrets.first(where: { rest.starts(with: $0) }) {
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
