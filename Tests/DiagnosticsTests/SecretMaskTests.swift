import Diagnostics
import Testing

struct SecretMaskTests {
  @Test(arguments: [
    (["abcd"], ["xabcdy"], "x***y"), (["abcd"], ["xab", "cdy"], "x***y"), (["abcd"], ["a", "b", "c", "d"], "***"),
    (["abcd"], ["ab", "x", "abc"], "abxabc"), (["abcd", "abcdef"], ["abcde", "f abcd"], "*** ***"),
    (["abab"], ["aababab"], "a***ab"), (["abc"], ["abc"], "abc"), ([], ["abc"], "abc"), ([""], ["abc"], "abc"),
    (["abcd\n"], ["abcd"], "***"), (["-----BEGIN\nlong line of key\nend\n"], ["long line of key, end"], "***, end"),
    (["abcd", "bcde"], ["abcde"], "***e"),
  ])
  func hidesSecretsInAnyPieces(_ secrets: [String], _ pieces: [String], _ shown: String) {
    var mask = SecretMask(secrets.map { Array($0.utf8) })
    var bytes: [UInt8] = []
    for piece in pieces { bytes += mask.append(Array(piece.utf8)) }
    bytes += mask.finish()
    #expect(String(decoding: bytes, as: UTF8.self) == shown)
  }

  @Test func nothingIsHeldBackWithoutNeed() {
    var mask = SecretMask([Array("abcd".utf8)])
    #expect(mask.append(Array("line\n".utf8)) == Array("line\n".utf8))
    #expect(mask.append(Array("x ab".utf8)) == Array("x ".utf8))
    #expect(mask.append(Array("c".utf8)) == [])
    #expect(mask.append(Array("!".utf8)) == Array("abc!".utf8))
  }

  @Test(arguments: [
    (["hunter2"], "pw hunter2, hunter2!", "pw ***, ***!"), (["aaab"], "aaaab aaa", "a*** aaa"),
    (["line one is long\nline two is long\n"], "line two is long / line one is long", "*** / ***"),
    (["pässword"], "x pässword", "x ***"),
  ])
  func everyCutGivesTheSame(_ secrets: [String], _ text: String, _ shown: String) {
    let bytes = Array(text.utf8)
    for place in bytes.indices {
      var mask = SecretMask(secrets.map { Array($0.utf8) })
      let output = mask.append(bytes[..<place]) + mask.append(bytes[place...]) + mask.finish()
      #expect(String(decoding: output, as: UTF8.self) == shown)
    }
    #expect(SecretMask(secrets.map { Array($0.utf8) }).masked(text) == shown)
  }
}
