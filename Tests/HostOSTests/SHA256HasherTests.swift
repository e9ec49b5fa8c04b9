import HostOS
import Testing

/// The examples of FIPS 180-4 and of NIST's "SHA256ShortMsg" vectors.
@Suite struct SHA256HasherTests {
  static let vectors: [([UInt8], String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      Array(
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
          .utf8), "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (Array(repeating: 0x61, count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ([0xD3], "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
  ]

  @Test(arguments: vectors)
  func hashes(_ message: [UInt8], _ digest: String) {
    #expect(SHA256Hasher.hex(of: message) == digest)
    #expect(SHA256Hasher.digest(of: message).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == digest)
    // Without storage of its own.
    #expect(SHA256Hasher.hex(of: AnySequence(message)) == digest)
  }

  @Test(arguments: [1, 3, 63, 64, 65, 4096])
  func hashesInPieces(_ size: Int) {
    let message = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    var hasher = SHA256Hasher()
    for start in stride(from: 0, to: message.count, by: size) {
      hasher.update(message[start..<min(start + size, message.count)])
    }
    #expect(hasher.finalizeHex() == SHA256Hasher.hex(of: message))
  }

  @Test func goesOnAfterADigest() {
    var hasher = SHA256Hasher()
    hasher.update(Array("a".utf8))
    let first = hasher.finalizeHex()
    hasher.update(Array("bc".utf8))
    #expect(first == SHA256Hasher.hex(of: Array("a".utf8)))
    #expect(hasher.finalizeHex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
