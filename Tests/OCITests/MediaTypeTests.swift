import OCI
import Testing

@Suite struct MediaTypeTests {
  @Test(arguments: [
    (MediaType.ociIndex, true, false), (.dockerManifestList, true, false), (.ociManifest, false, true),
    (.dockerManifest, false, true), (.ociConfig, false, false), (MediaType(rawValue: "text/plain"), false, false),
  ])
  func knowsKinds(_ type: MediaType, _ isIndex: Bool, _ isManifest: Bool) {
    #expect(type.isIndex == isIndex)
    #expect(type.isImageManifest == isManifest)
  }

  @Test(arguments: [
    (MediaType.dockerManifestList, MediaType.ociIndex), (.dockerManifest, .ociManifest), (.dockerConfig, .ociConfig),
    (.dockerLayer, .ociLayer), (.dockerLayerGzip, .ociLayerGzip), (.ociLayerZstd, .ociLayerZstd),
    (.dockerForeignLayer, .dockerForeignLayer), (MediaType(rawValue: "x/y"), MediaType(rawValue: "x/y")),
  ])
  func translates(_ type: MediaType, _ equivalent: MediaType) {
    #expect(type.ociEquivalent == equivalent)
  }

  @Test(arguments: ["application/vnd.example+json", "", "application/vnd.oci.image.layer.v1.tar+lz4"])
  func keepsWhatItDoesNotKnow(_ text: String) throws {
    let bytes = try JSONDocument.encode([MediaType(rawValue: text)])
    #expect(String(decoding: bytes, as: UTF8.self) == "[\"\(text)\"]")
    #expect(try JSONDocument.decode([MediaType].self, from: bytes, called: "list").first?.rawValue == text)
  }
}
