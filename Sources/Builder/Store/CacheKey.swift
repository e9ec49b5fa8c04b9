import HostOS
import OCI

/// Identifies the result of a step by all that determines it, in SHA-256.
///
/// What is hashed is a list of strings, each with its length before it, so that no two lists look alike.
struct CacheKey: Sendable, Hashable {
  let hex: String

  init(_ kind: String, _ build: (inout Builder) throws -> Void) rethrows {
    var builder = Builder()
    builder.add(kind)
    try build(&builder)
    hex = builder.hasher.finalizeHex()
  }

  struct Builder {
    fileprivate var hasher = SHA256Hasher()

    mutating func add(_ bytes: some Collection<UInt8>) {
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hasher.update($0) }
      hasher.update(bytes)
    }

    mutating func add(_ text: String) { add(Array(text.utf8)) }

    mutating func add(_ text: String?) {
      add(text == nil ? "absent" : "present")
      if let text { add(text) }
    }

    mutating func add(_ texts: [String]) {
      add("\(texts.count)")
      for text in texts { add(text) }
    }

    mutating func add(_ chain: ChainID?) { add(chain?.digest.description) }
  }
}
