import Archive
import Diagnostics
import Glibc
import HostOS
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Layers that are fetched, looked into and unpacked in one reading.
struct LayerIntakeTests {
  /// A layout elsewhere, of which is known what was read.
  private struct Origin: BlobSource {
    let layout: ContentStore
    let reads = Reads()

    final class Reads: Sendable {
      let digests = Mutex<[Digest]>([])
    }

    func blob(_ descriptor: Descriptor) async throws -> BlobStream {
      reads.digests.withLock { $0.append(descriptor.digest) }
      return try await layout.blob(descriptor)
    }
  }

  private final class Sink: ByteSink {
    var bytes: [UInt8] = []
    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
  }

  private let scratch: Scratch
  private let store: BuildStore
  private let origin: Origin

  init() throws {
    scratch = try Scratch("intake")
    store = BuildStore(root: scratch("store"))
    origin = Origin(layout: ContentStore(layout: scratch("origin")))
  }

  private var trees: LayerTrees {
    LayerTrees(store: store, fetcher: LayerFetcher(store: store, progress: .silent))
  }

  private var snapshots: Snapshots {
    let trees = trees
    return Snapshots(store: store, trees: trees, fetcher: trees.intake.fetcher, progress: .silent)
  }

  /// A layer of the origin.
  private func layer(_ files: [(path: String, content: [UInt8])], folders: [(String, UInt16)] = []) throws -> Layer {
    let sink = Sink()
    let writer = try LayerWriter(to: sink)
    for (path, mode) in folders { try writer.append(entry(path, .directory, mode)) }
    for (path, content) in files {
      try writer.append(entry(path, .file(size: Int64(content.count)), 0o644), content: content)
    }
    let summary = try writer.finish().summary
    let descriptor = try origin.layout.store(sink.bytes, mediaType: .ociLayer)
    var layer = Layer(descriptor: descriptor, diffID: try #require(Digest(sha256Hex: summary.diffIDSHA256Hex)))
    layer.origin = origin
    return layer
  }

  private func entry(_ path: String, _ kind: TreeEntry.Kind, _ mode: UInt16) -> TreeEntry {
    TreeEntry(path: .clamped(path), kind: kind, mode: mode, modificationTime: Timestamp(seconds: 7))
      .owned(by: geteuid(), getegid())
  }

  /// Neither repeated nor small.
  private func noise(_ seed: UInt64, _ count: Int) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
  }

  @Test func unpackingBringsBlobAndIndex() async throws {
    let content = noise(1, 3 << 20)
    let layer = try layer([("d/a", content), ("d/b", Array("b".utf8))], folders: [("d", 0o711)])
    let folders = try await snapshots.materialise(LayerStack([layer]))
    #expect(origin.reads.digests.withLock { $0 } == [layer.descriptor.digest])
    let folder = try #require(folders.first)
    #expect(try Files.read(folder.appending("d/a")) == content)
    #expect(try FileStatus(of: folder.appending("d")).mode == 0o711)
    #expect(try store.content.read(layer.descriptor.digest).count == Int(layer.descriptor.size))
    // The index that a stored blob gives is the same, byte for byte.
    let made = try Files.read(store.indexPath(of: layer.diffID))
    try Files.removeTree(store.indexPath(of: layer.diffID))
    try await trees.intake.index(layer, of: .contents)
    #expect(try Files.read(store.indexPath(of: layer.diffID)) == made)
    #expect(origin.reads.digests.withLock { $0 }.count == 1)
  }

  @Test func lookingIntoALayerBringsItsBlob() async throws {
    let layers = try (0..<9).map { try layer([("f\($0)", noise(UInt64($0), 10_000))]) }
    let tree = try await trees.tree(of: LayerStack(layers), name: "the image")
    #expect(try tree.names(in: .root).count == 9)
    #expect(origin.reads.digests.withLock { $0.count } == 9)
    for layer in layers { #expect(store.content.contains(layer.descriptor.digest)) }
  }

  /// What only passes by is verified like what stays.
  @Test func aLayerThatIsNotKeptLeavesItsIndex() async throws {
    let layer = try layer([("a", noise(3, 2 << 20))])
    let tree = try await trees.tree(of: LayerStack([layer]), name: "the image") { _ in false }
    #expect(try tree.names(in: .root).count == 1)
    #expect(try FileStatus.ifExists(store.indexPath(of: layer.diffID)) != nil)
    #expect(!store.content.contains(layer.descriptor.digest))
    // Its files are fetched when somebody wants them.
    _ = try await snapshots.materialise(LayerStack([layer]))
    #expect(store.content.contains(layer.descriptor.digest))
    #expect(origin.reads.digests.withLock { $0.count } == 2)
    let other = try self.layer([("b", noise(4, 2 << 20))])
    let path = origin.layout.path(of: other.descriptor.digest)
    var bytes = try Files.read(path)
    bytes[bytes.count / 2] ^= 0x10
    try Files.writeAtomically(bytes, to: path)
    await #expect(throws: BlobMismatch.self) {
      try await trees.tree(of: LayerStack([other]), name: "the image") { _ in false }
    }
    #expect(try FileStatus.ifExists(store.indexPath(of: other.diffID)) == nil)
  }

  /// Layers are unpacked side by side, and still take from those below what they do not say themselves.
  @Test func impliedFoldersAreThoseOfTheLayersBelow() async throws {
    let base = try layer([("big", noise(1, 4 << 20))], folders: [("d", 0o2711)])
    let uppers = try (0..<6).map { try layer([("d/f\($0)", noise(UInt64($0), 100))]) }
    let folders = try await snapshots.materialise(LayerStack([base] + uppers))
    #expect(folders.count == 7)
    for folder in folders.dropFirst() { #expect(try FileStatus(of: folder.appending("d")).mode == 0o2711) }
    #expect(origin.reads.digests.withLock { Set($0).count == 7 && $0.count == 7 })
  }

  /// Nothing of a layer that is not what was announced is published: no blob, no index, no files.
  @Test(arguments: ["truncated", "damaged", "another", "longer"])
  func refusesWhatIsNotTheLayer(_ damage: String) async throws {
    let layer = try layer([("a", noise(3, 2 << 20))])
    let path = origin.layout.path(of: layer.descriptor.digest)
    var bytes = try Files.read(path)
    switch damage {
    case "truncated": bytes.removeLast(100)
    case "damaged": bytes[bytes.count / 2] ^= 0x10
    case "another": bytes = try Files.read(origin.layout.path(of: self.layer([("b", [1])]).descriptor.digest))
    default: bytes += [0]
    }
    try Files.writeAtomically(bytes, to: path)
    await #expect(throws: BlobMismatch.self) { try await snapshots.materialise(LayerStack([layer])) }
    try expectNothing(of: layer)
  }

  /// A blob of the right digest whose content is another layer's.
  @Test func refusesAnotherContent() async throws {
    var layer = try layer([("a", noise(3, 2 << 20))])
    layer.diffID = Digest(sha256Of: [1])
    await #expect(throws: ArchiveError.self) { try await snapshots.materialise(LayerStack([layer])) }
    #expect(try FileStatus.ifExists(store.indexPath(of: layer.diffID)) == nil)
    #expect((try? Files.names(in: store.root.appending("snapshots")))?.isEmpty ?? true)
  }

  /// The same with a blob that is in the store, and was damaged there.
  @Test func refusesADamagedBlobOfTheStore() async throws {
    let layer = try layer([("a", noise(3, 2 << 20))])
    try await trees.intake.fetcher.fetch(layer)
    let path = store.content.path(of: layer.descriptor.digest)
    var bytes = try Files.read(path)
    bytes[bytes.count - 1] ^= 1
    try Files.writeAtomically(bytes, to: path)
    await #expect(throws: ArchiveError.self) { try await snapshots.materialise(LayerStack([layer])) }
    #expect(try FileStatus.ifExists(store.indexPath(of: layer.diffID)) == nil)
    #expect((try? Files.names(in: store.root.appending("snapshots")))?.isEmpty ?? true)
  }

  private func expectNothing(of layer: Layer) throws {
    #expect(!store.content.contains(layer.descriptor.digest))
    #expect(try FileStatus.ifExists(store.indexPath(of: layer.diffID)) == nil)
    #expect((try? Files.names(in: store.root.appending("snapshots")))?.isEmpty ?? true)
    #expect(try Files.names(in: store.root.appending("work")).isEmpty)
    #expect(try Files.names(in: store.root.appending("ingest")).isEmpty)
  }
}
