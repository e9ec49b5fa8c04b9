import Archive
import Diagnostics
import HostOS
import Images
import OCI
import TestSupport
import Testing

/// Archives as docker and others write them, and as nobody should.
@Suite struct ArchiveReaderTests {
  private enum File {
    case bytes([UInt8])
    case symbolicLink(String)

    static func text(_ text: String) -> File { .bytes(Array(text.utf8)) }
  }

  private final class Buffer: ByteSink {
    var bytes: [UInt8] = []
    func write(_ bytes: UnsafeRawBufferPointer) throws { self.bytes += bytes }
  }

  private let scratch: Scratch
  private let store: ContentStore

  init() throws {
    scratch = try Scratch("archive")
    store = ContentStore(root: scratch("store"))
  }

  private static func tar(_ files: [(String, File)], _ compression: Compression = .none) throws -> [UInt8] {
    let buffer = Buffer()
    let writer = try LayerWriter(to: buffer, options: .init(compression: compression))
    for (path, file) in files {
      let path = try #require(TreePath(path))
      let time = Timestamp(seconds: 0)
      switch file {
      case .bytes(let bytes):
        let entry = TreeEntry(path: path, kind: .file(size: Int64(bytes.count)), mode: 0o644, modificationTime: time)
        try writer.append(entry, content: bytes)
      case .symbolicLink(let target):
        try writer.append(
          TreeEntry(path: path, kind: .symbolicLink(target: Array(target.utf8)), mode: 0o777, modificationTime: time))
      }
    }
    _ = try writer.finish()
    return buffer.bytes
  }

  /// The content of a layer.
  private static let layer = Result { try tar([("hello", .text("ahoy"))]) }

  private static func config(_ diffIDs: [Digest]) throws -> [UInt8] {
    var config = ImageConfig(platform: Platform(os: "linux", architecture: "amd64"))
    config.rootfs = RootFS(diffIDs: diffIDs)
    return try JSONDocument.encode(config)
  }

  private func read(_ files: [(String, File)]) throws -> [LoadedImage] {
    let bytes = try Self.tar(files)
    return try ArchiveReader(into: store, name: "test.tar").read(MemoryByteSource(bytes))
  }

  private func manifest(_ image: LoadedImage) throws -> ImageManifest {
    let manifest = try RawManifest(bytes: store.read(image.descriptor.digest), mediaType: image.descriptor.mediaType)
    return try #require(manifest.image)
  }

  /// The code and the message of what an archive is refused with.
  private func refusal(_ files: [(String, File)]) -> String? {
    do {
      _ = try read(files)
      return nil
    } catch {
      return (error as? any DiagnosticError)?.diagnostics.first.map { "\($0.code): \($0.message)" }
    }
  }

  // MARK: Docker

  private func docker(
    layer: [UInt8], diffID: Digest? = nil, configName: String? = nil, path: String = "a/layer.tar",
    _ more: [(String, File)] = []
  ) throws -> [(String, File)] {
    let config = try Self.config([try diffID ?? Digest(sha256Of: Self.layer.get())])
    let name = configName ?? "\(Digest(sha256Of: config).hex).json"
    let list = #"[{"Config":"\#(name)","RepoTags":["app:1","r.example/app:2"],"Layers":["\#(path)"]}]"#
    return [(name, .bytes(config)), ("a/layer.tar", .bytes(layer))] + more + [("manifest.json", .text(list))]
  }

  @Test func plainLayersAreCompressed() throws {
    let images = try read(try docker(layer: Self.layer.get()))
    #expect(images.count == 1)
    #expect(images[0].names.map(\.familiarDescription) == ["app:1", "r.example/app:2"])
    let manifest = try manifest(images[0])
    #expect(manifest.layers.map(\.mediaType) == [.ociLayerGzip])
    #expect(manifest.layers.allSatisfy(store.contains) && store.contains(manifest.config))
  }

  @Test func compressedLayersStayAsTheyAre() throws {
    let compressed = try Self.tar([("hello", .text("ahoy"))], .gzip(level: 9))
    let manifest = try manifest(try read(try docker(layer: compressed))[0])
    #expect(manifest.layers == [Descriptor(mediaType: .ociLayerGzip, of: compressed)])
    #expect(manifest.layers.allSatisfy(store.contains))
  }

  @Test(
    "links lead to layers, and not out of the archive",
    arguments: [
      ("b/layer.tar", "../a/layer.tar", nil), ("b/layer.tar", "/a/layer.tar", nil),
      ("b/layer.tar", "../../../../../a/layer.tar", nil), ("b/layer.tar", "layer.tar", "lacks b/layer.tar"),
      ("b/layer.tar", "/etc/passwd", "lacks b/layer.tar"),
    ] as [(String, String, String?)])
  func links(path: String, target: String, message: String?) throws {
    let files = try docker(layer: Self.layer.get(), path: path, [("b/layer.tar", .symbolicLink(target))])
    let refusal = refusal(files)
    if let message { #expect(refusal?.contains(message) == true, "\(refusal ?? "")") } else { #expect(refusal == nil) }
  }

  @Test func whatDoesNotFitTogetherIsRefused() throws {
    let layer = try Self.layer.get()
    let other = Digest(sha256Of: [1])
    #expect(try refusal(docker(layer: layer, diffID: other))?.contains("and should be \(other)") == true)
    let wrongName = "\(other.hex).json"
    #expect(try refusal(docker(layer: layer, configName: wrongName))?.contains("other content than its name") == true)
    #expect(try refusal(docker(layer: layer, path: "c/layer.tar"))?.contains("it lacks c/layer.tar") == true)
    #expect(refusal([("manifest.json", .text("[]"))])?.contains("lists no image") == true)
    #expect(refusal([("manifest.json", .text("{"))])?.hasPrefix("invalid-json") == true)
    #expect(refusal([("hello", .text("ahoy"))])?.hasPrefix("not-an-archive") == true)
    #expect(try store.names().manifests.isEmpty)
  }

  // MARK: Layouts

  private func layout(_ index: (Descriptor) -> [Descriptor]) throws -> ([(String, File)], RawManifest) {
    let layer = try Self.layer.get()
    let config = try Self.config([Digest(sha256Of: layer)])
    let manifest = try RawManifest(
      ImageManifest(
        config: Descriptor(mediaType: .ociConfig, of: config), layers: [Descriptor(mediaType: .ociLayer, of: layer)]))
    let blobs = [config, layer, manifest.bytes].map { ("blobs/sha256/\(Digest(sha256Of: $0).hex)", File.bytes($0)) }
    let document = try JSONDocument.encode(ImageIndex(manifests: index(manifest.descriptor)))
    return (blobs + [("index.json", .bytes(document)), ("oci-layout", .text("{}"))], manifest)
  }

  @Test func namesOfALayout() throws {
    func annotated(_ descriptor: Descriptor, _ annotations: [String: String]) -> Descriptor {
      var copy = descriptor
      copy.annotations = annotations
      return copy
    }
    let (files, manifest) = try layout { descriptor in
      [
        annotated(
          descriptor, ["io.containerd.image.name": "docker.io/library/app:1", "org.opencontainers.image.ref.name": "1"]),
        annotated(descriptor, ["org.opencontainers.image.ref.name": "r.example/team/app:2"]),
        annotated(descriptor, ["org.opencontainers.image.ref.name": "latest"]), descriptor,
      ]
    }
    let images = try read(files)
    #expect(images.count == 1 && images[0].descriptor == manifest.descriptor)
    #expect(images[0].names.map(\.familiarDescription) == ["app:1", "r.example/team/app:2"])
    #expect(images[0].tags == ["latest"] && !images[0].isPartial)
  }

  @Test func aBlobThatIsNotWhatItIsCalledIsRefused() throws {
    var (files, _) = try layout { [$0] }
    files[1].1 = .text("something else")
    #expect(refusal(files)?.contains("has other content") == true)
    (files, _) = try layout { [$0] }
    files.remove(at: 1)
    #expect(refusal(files)?.contains("it lacks sha256:") == true)
    (files, _) = try layout { _ in [] }
    #expect(refusal(files)?.contains("lists no image") == true)
  }
}
