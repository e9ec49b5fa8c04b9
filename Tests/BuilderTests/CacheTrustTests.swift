import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Caches that are not there, that are damaged, or that lie.
struct CacheTrustTests {
  private let here: BuildBench
  private let there: BuildBench
  private let folder: FilePath
  private static let dockerfile = "FROM base\nCOPY a /a\nRUN cp /a /b\n"
  private static let steps = ["COPY a /a", "RUN cp /a /b"]

  init() throws {
    (here, there) = (try BuildBench(), try BuildBench())
    for bench in [here, there] { try bench.scratch.write(["a": "a"], in: "context") }
    folder = here.scratch("cache")
  }

  @Test func aCacheThatIsNotThereIsAWarning() async throws {
    var there = there
    there.caches = [.layout(folder), .registry(RemoteCache(folder), RemoteCache.reference)]
    let outcome = try await there.build(Self.dockerfile)
    #expect(outcome.ran == Self.steps)
    #expect(outcome.warnings == ["cache-not-imported", "cache-not-imported"])
  }

  @Test(arguments: [
    "no json", "{}", #"{"rootfs":{"type":"layers","diff_ids":[]}}"#,
    #"{"slipway.cache":{"version":2,"records":[]}}"#, #"{"slipway.cache":{"version":1,"records":[]}}"#,
    #"{"slipway.cache":{"version":1,"records":[]},"rootfs":{"type":"layers","diff_ids":["x"]}}"#,
    #"{"slipway.cache":{"version":1,"records":[{}]},"rootfs":{"type":"layers","diff_ids":[]}}"#,
  ])
  func aDocumentThatCannotBeReadIsAWarning(_ document: String) async throws {
    try write(document: document, layers: [Descriptor(mediaType: .ociLayer, of: [1])])
    var there = there
    there.caches = [.layout(folder)]
    let outcome = try await there.build(Self.dockerfile)
    #expect(outcome.ran == Self.steps)
    #expect(outcome.warnings == ["cache-not-imported"])
  }

  @Test func aLayerThatIsGoneIsMadeAgain() async throws {
    let first = try await here.build(Self.dockerfile)
    try await export(first)
    let gone = first.image.layers[1].descriptor.digest
    let remote = RemoteCache(folder, without: [gone])
    var there = there
    there.caches = [.registry(remote, RemoteCache.reference)]
    #expect(try await there.build(Self.dockerfile).ran.isEmpty)
    let second = try await there.build(Self.dockerfile + "RUN cp /b /c\n")
    #expect(second.warnings == ["cache-layer-missing"])
    #expect(second.ran.contains("COPY a /a") && second.ran.contains("RUN cp /b /c"))
    #expect(try await there.text("c", in: second.image) == "a")
  }

  /// A document may name a blob for a step that is not what it says.
  @Test func aLayerThatIsNotWhatTheDocumentSaysIsFoundOut() async throws {
    let first = try await here.build(Self.dockerfile)
    let other = try await here.build("FROM base\nRUN echo evil >/b\n")
    let evil = try #require(other.image.layers.last)
    let honest = try #require(first.image.layers.last)
    let keys = first.product.results.filter { $0.value.diffID == honest.diffID }.keys
    var lying = Layer(descriptor: evil.descriptor, diffID: honest.diffID)
    lying.created = honest.created
    let records = CacheDocument.Records(Dictionary(keys.map { ($0, lying) }) { first, _ in first })
    let layout = ContentStore(layout: folder)
    try await layout.fetch(evil.descriptor, from: here.store.content)
    let document = CacheDocument(cache: records, rootfs: RootFS(diffIDs: [honest.diffID]))
    try write(document: String(decoding: try JSONDocument.encode(document), as: UTF8.self), layers: [evil.descriptor])
    // The step before has run here, so that the lie is asked for.
    _ = try await there.build("FROM base\nCOPY a /a\n")
    var there = there
    there.caches = [.layout(folder)]
    await #expect(throws: BuilderError.self) {
      try await there.build(Self.dockerfile + "RUN cat /b\n")
    }
  }

  private func export(_ outcome: BuildBench.Outcome) async throws {
    try await CacheExporter(store: here.store, progress: .silent).write(
      outcome.product, mode: .max, toLayout: folder, tag: "latest", ProgressReporter.silent.begin("export"))
  }

  private func write(document: String, layers: [Descriptor]) throws {
    let layout = ContentStore(layout: folder)
    let config = try layout.store(Array(document.utf8), mediaType: .cacheDocument)
    let manifest = try RawManifest(ImageManifest(config: config, layers: layers))
    var descriptor = try layout.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    descriptor.annotations = [ContentStore.referenceNameAnnotation: "latest"]
    try layout.add([descriptor])
  }
}
