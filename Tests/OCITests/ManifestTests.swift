import Diagnostics
import OCI
import Testing

@Suite struct ManifestTests {
  private static let digest = "sha256:" + String(repeating: "ab", count: 32)

  private static func descriptor(_ type: String, _ more: String = "") -> String {
    #"{"mediaType":"\#(type)","digest":"\#(digest)","size":7\#(more)}"#
  }

  private static func manifest(_ members: String) -> [UInt8] {
    let config = descriptor("application/vnd.oci.image.config.v1+json")
    return Array(#"{"schemaVersion":2,"config":\#(config),"layers":[]\#(members)}"#.utf8)
  }

  // MARK: What it is

  @Test(
    arguments: [
      (nil, nil, MediaType.ociManifest), (nil, .dockerManifest, .dockerManifest),
      ("application/vnd.docker.distribution.manifest.v2+json", nil, .dockerManifest),
      ("application/vnd.docker.distribution.manifest.v2+json", .ociManifest, .dockerManifest),
      ("application/vnd.oci.image.manifest.v1+json", nil, .ociManifest),
    ] as [(String?, MediaType?, MediaType)])
  func knowsImages(_ own: String?, _ transport: MediaType?, _ expected: MediaType) throws {
    let bytes = Self.manifest(own.map { #","mediaType":"\#($0)""# } ?? "")
    let raw = try RawManifest(bytes: bytes, mediaType: transport)
    guard case .image(let manifest) = raw.content else { throw ManifestFailure() }
    #expect(raw.descriptor == Descriptor(mediaType: expected, of: bytes))
    #expect(raw.bytes == bytes)
    #expect(manifest.config.size == 7)
  }

  private struct ManifestFailure: Error {}

  @Test(
    arguments: [
      (nil, nil, MediaType.ociIndex),
      ("application/vnd.docker.distribution.manifest.list.v2+json", nil, .dockerManifestList),
      (nil, .dockerManifestList, .dockerManifestList),
    ] as [(String?, MediaType?, MediaType)])
  func knowsIndexes(_ own: String?, _ transport: MediaType?, _ expected: MediaType) throws {
    let type = own.map { #","mediaType":"\#($0)""# } ?? ""
    let raw = try RawManifest(bytes: Array(#"{"schemaVersion":2,"manifests":[]\#(type)}"#.utf8), mediaType: transport)
    guard case .index(let index) = raw.content else { throw ManifestFailure() }
    #expect(raw.descriptor.mediaType == expected)
    #expect(index.manifests.isEmpty)
  }

  @Test func keepsTypesThatItDoesNotKnow() throws {
    let layer = Self.descriptor(
      "application/vnd.example.layer+odd", #","urls":["https://e.example"],"annotations":{"a":"b"}"#)
    let config = Self.descriptor("application/vnd.example.config")
    let text = #"{"config":\#(config),"layers":[\#(layer)],"schemaVersion":2}"#
    let raw = try RawManifest(bytes: Array(text.utf8), mediaType: nil)
    guard case .image(let manifest) = raw.content else { throw ManifestFailure() }
    #expect(manifest.layers[0].mediaType.rawValue == "application/vnd.example.layer+odd")
    #expect(manifest.layers[0].urls == ["https://e.example"])
    #expect(manifest.layers[0].annotations == ["a": "b"])
    let again = try RawManifest(bytes: JSONDocument.encode(manifest), mediaType: nil)
    #expect(again.content == raw.content)
  }

  // MARK: What it refuses

  static let refused: [(String, MediaType?, String)] = [
    ("", nil, "the manifest is not valid: it cannot be read as JSON"),
    ("[]", nil, "the manifest is not valid: it has another type"),
    (#"{"schemaVersion":1}"#, nil, "the manifest has schema version 1, but only version 2 is read"),
    ("{}", nil, "the manifest has schema version none, but only version 2 is read"),
    (#"{"schemaVersion":"2"}"#, nil, "the manifest is not valid: .schemaVersion has another type"),
    (#"{"schemaVersion":2}"#, nil, "the image manifest is not valid: .config is missing"),
    (#"{"schemaVersion":2}"#, .ociIndex, "the image index is not valid: .manifests is missing"),
    (
      #"{"schemaVersion":2}"#, MediaType(rawValue: "text/html"), "\"text/html\" is not the type of an image or an index"
    ),
    (
      #"{"schemaVersion":2,"manifests":[],"layers":[]}"#, .ociManifest,
      "the manifest lists both images and layers"
    ),
    (
      #"{"schemaVersion":2,"manifests":[{"mediaType":"a","digest":"sha256:12","size":1}]}"#, nil,
      "the manifest is not valid: .manifests[0].digest: \"sha256:12\" is not a digest"
    ),
    (
      #"{"schemaVersion":2,"layers":[],"config":{"mediaType":"a","digest":"\#(digest)"}}"#, nil,
      "the image manifest is not valid: .config.size is missing"
    ),
    (
      #"{"schemaVersion":2,"layers":[],"config":{"mediaType":"a","digest":"\#(digest)","size":1e30}}"#, nil,
      "the image manifest is not valid: it cannot be read as JSON"
    ),
    (#"{"schemaVersion":2,"config":null,"layers":[]}"#, nil, "the image manifest is not valid: .config is null"),
  ]

  @Test(arguments: refused)
  func refuses(_ text: String, _ type: MediaType?, _ message: String) {
    let error = #expect(throws: OCIError.self) { try RawManifest(bytes: Array(text.utf8), mediaType: type) }
    #expect(error?.diagnostic.message == message)
  }

  // MARK: Writing

  @Test func writesItsOwnType() throws {
    let config = Descriptor(mediaType: .ociConfig, of: [])
    let manifest = try RawManifest(ImageManifest(config: config, layers: []))
    let index = try RawManifest(ImageIndex(manifests: [manifest.descriptor], annotations: ["b": "2", "a": "1"]))
    #expect(try RawManifest(bytes: manifest.bytes, mediaType: nil) == manifest)
    #expect(try RawManifest(bytes: index.bytes, mediaType: nil) == index)
    let text = String(decoding: index.bytes, as: UTF8.self)
    #expect(
      text.hasPrefix(#"{"annotations":{"a":"1","b":"2"},"manifests":[{"digest":"\#(manifest.descriptor.digest)""#))
    #expect(text.contains(#""mediaType":"application/vnd.oci.image.index.v1+json""#))
  }

  // MARK: Choosing from an index

  private static func entry(_ platform: String?, _ content: UInt8, attestation: Bool = false) throws -> Descriptor {
    var descriptor = Descriptor(mediaType: .ociManifest, of: [content])
    descriptor.platform = try platform.map { try Platform(parsing: $0) }
    if attestation { descriptor.annotations = ["vnd.docker.reference.type": "attestation-manifest"] }
    return descriptor
  }

  @Test(
    arguments: [
      ("linux/amd64", 0), ("linux/amd64/v2", 0), ("linux/amd64/v3", 1), ("linux/amd64/v4", 1), ("linux/arm64", 2),
      ("linux/arm64/v9", 2), ("linux/arm/v7", 4), ("linux/arm/v6", 3), ("linux/s390x", nil), ("windows/amd64", nil),
      ("linux/arm/v5", nil),
    ] as [(String, UInt8?)])
  func choosesTheNearestVariant(_ platform: String, _ expected: UInt8?) throws {
    var unknown = try Self.entry(nil, 99, attestation: true)
    unknown.platform = Platform(os: "linux", architecture: "amd64")
    let index = ImageIndex(manifests: [
      unknown, try Self.entry("linux/amd64", 0), try Self.entry("linux/amd64/v3", 1), try Self.entry("linux/arm64", 2),
      try Self.entry("linux/arm/v6", 3), try Self.entry("linux/arm/v7", 4), try Self.entry("linux/arm/v7", 5),
      try Self.entry(nil, 6),
    ])
    let chosen = index.manifest(for: try Platform(parsing: platform))
    #expect(chosen?.digest == expected.map { Digest(sha256Of: [$0]) })
  }
}
