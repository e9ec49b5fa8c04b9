import Diagnostics
import OCI
import Testing

@Suite struct DigestTests {
  private static let hex = String(repeating: "0123456789abcdef", count: 4)

  @Test(arguments: ["sha256:\(hex)", "sha512:\(hex)\(hex)"])
  func reads(_ text: String) throws {
    let digest = try #require(Digest(text))
    #expect(digest.description == text)
    #expect(digest.short == "0123456789ab")
    #expect(try JSONDocument.decode([Digest].self, from: JSONDocument.encode([digest]), called: "list") == [digest])
  }

  @Test(arguments: [
    "", ":", hex, "sha256:", "sha256:\(hex)0", "sha256:\(hex.dropLast())", "sha256:\(hex.uppercased())",
    "SHA256:\(hex)", "md5:\(hex)", "sha512:\(hex)", "sha256:\(hex.dropLast())\u{FF11}", "sha256:../\(hex.dropLast(3))",
    "sha256:\(hex)\n", " sha256:\(hex)",
  ])
  func refuses(_ text: String) {
    #expect(Digest(text) == nil)
    let error = #expect(throws: OCIError.self) {
      try JSONDocument.decode([Digest].self, from: JSONDocument.encode([text]), called: "list")
    }
    #expect(error?.diagnostic.message == "the list is not valid: [0]: \"\(text)\" is not a digest")
  }

  @Test func computes() {
    #expect(
      Digest(sha256Of: Array("abc".utf8)).description
        == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest(sha256Hex: Self.hex)?.description == "sha256:\(Self.hex)")
    #expect(Digest(sha256Hex: "12") == nil)
  }

  /// The rule of image-spec, config.md: ChainID(L₀|…|Lₙ) = digest(ChainID(L₀|…|Lₙ₋₁) + " " + DiffID(Lₙ)). The numbers
  /// were computed with Python's hashlib.
  @Test func chains() throws {
    let layers = ["a", "b", "c"].map { Digest(sha256Of: Array($0.utf8)) }
    #expect(ChainID([Digest]()) == nil)
    #expect(ChainID(layers.prefix(1))?.digest == layers[0])
    #expect(
      ChainID(layers.prefix(2))?.description
        == "sha256:51c0c8ace48498d6f5fee6b0592cc06f2da0f3cbe09c5a34a97dce85c3889676")
    #expect(
      ChainID(layers)?.description
        == "sha256:2fce7f8ce91bcf0a1428b36e1024639fdbd9469eea762dba98aa749631885106")
    #expect(ChainID([layers[1], layers[0], layers[2]]) != ChainID(layers))
  }
}
