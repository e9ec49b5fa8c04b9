import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Caches that one store writes and another one, which is empty, reads.
struct CacheExportTests {
  private let here: BuildBench
  private let there: BuildBench
  private let folder: FilePath

  init() throws {
    (here, there) = (try BuildBench(), try BuildBench())
    for bench in [here, there] { try bench.scratch.write(["a": "a", "b": "b"], in: "context") }
    folder = here.scratch("cache")
  }

  private static let dockerfile = """
    FROM base AS tools
    RUN mkdir /out && echo tool >/out/tool
    FROM base AS unused
    RUN false
    FROM base
    COPY a /a
    COPY --from=tools /out /
    RUN --mount=from=tools,target=/t cat /t/out/tool /a >/both
    COPY b /b
    """
  private static let finalSteps = [
    "COPY a /a", "COPY --from=tools /out /", "RUN --mount=from=tools,target=/t cat /t/out/tool /a >/both", "COPY b /b",
  ]
  private static let toolStep = "RUN mkdir /out && echo tool >/out/tool"

  private func export(
    _ outcome: BuildBench.Outcome, _ mode: CacheExporter.Mode, from bench: BuildBench, to other: FilePath? = nil
  ) async throws {
    let exporter = CacheExporter(store: bench.store, progress: .silent)
    try await exporter.write(
      outcome.product, mode: mode, toLayout: other ?? folder, tag: "latest", ProgressReporter.silent.begin("export"))
  }

  @Test func aBuildThatIsKnownReadsTheDocumentAlone() async throws {
    let first = try await here.build(Self.dockerfile)
    try await export(first, .max, from: here)
    let remote = RemoteCache(folder)
    var there = there
    there.caches = [.registry(remote, RemoteCache.reference)]
    let second = try await there.build(Self.dockerfile)
    #expect(Set(second.cached) == Set(Self.finalSteps + [Self.toolStep]) && second.ran.isEmpty)
    #expect(second.image.manifest.descriptor == first.image.manifest.descriptor)
    let manifest = try await remote.manifest(RemoteCache.reference)
    guard case .image(let document) = manifest.content else { throw BenchError("the cache is an index") }
    #expect(remote.reads == [document.config.digest])
    for layer in second.image.layers { #expect(!there.store.content.contains(layer.descriptor.digest)) }
    for name in ["index", "snapshots", "cache"] {
      #expect(try FileStatus.ifExists(there.store.root.appending(name)) == nil)
    }
    // Where to fetch them later is remembered.
    for layer in second.image.layers.dropFirst() {
      #expect(there.store.origin(of: layer.descriptor.digest) == RemoteCache.reference)
    }
  }

  @Test func theCacheIsAnImageOfKnownTypes() async throws {
    try await export(try await here.build(Self.dockerfile), .max, from: here)
    let manifest = try await RemoteCache(folder).manifest(RemoteCache.reference)
    guard case .image(let image) = manifest.content else { throw BenchError("the cache is an index") }
    #expect(manifest.descriptor.mediaType == .ociManifest)
    #expect(image.config.mediaType.rawValue == "application/vnd.slipway.cache.v1+json")
    #expect(image.layers.map(\.mediaType) == Array(repeating: .ociLayerGzip, count: 5))
    try await export(try await here.build(Self.dockerfile), .max, from: here)
    #expect(try await RemoteCache(folder).manifest(RemoteCache.reference) == manifest)
  }

  @Test func aChangedFileRunsWhatFollows() async throws {
    try await export(try await here.build(Self.dockerfile), .max, from: here)
    var there = there
    let remote = RemoteCache(folder)
    there.caches = [.registry(remote, RemoteCache.reference)]
    try there.scratch.write(["b": "changed"], in: "context")
    let last = try await there.build(Self.dockerfile)
    #expect(last.ran == ["COPY b /b"])
    try there.scratch.write(["a": "changed"], in: "context")
    let all = try await there.build(Self.dockerfile)
    #expect(all.ran == Self.finalSteps && all.cached == [Self.toolStep])
    #expect(try await there.text("both", in: all.image) == "tool\nchanged")
  }

  @Test func modesDifferInTheStagesThatTheyKeep() async throws {
    let first = try await here.build(Self.dockerfile)
    try await export(first, .min, from: here)
    var there = there
    there.caches = [.layout(folder)]
    let second = try await there.build(Self.dockerfile)
    // The tool is as old as its stage now, but equal files are the same input.
    #expect(second.cached == Self.finalSteps)
    #expect(second.ran == [Self.toolStep])
  }

  @Test func whatCameOfACacheIsExportedAgain() async throws {
    let first = try await here.build(Self.dockerfile)
    try await export(first, .max, from: here)
    var there = there
    there.caches = [.registry(RemoteCache(folder), RemoteCache.reference)]
    let second = try await there.build(Self.dockerfile)
    let other = there.scratch("cache")
    try await export(second, .max, from: there, to: other)
    var third = try BuildBench()
    try third.scratch.write(["a": "a", "b": "b"], in: "context")
    third.caches = [.layout(other)]
    #expect(try await third.build(Self.dockerfile).ran.isEmpty)
  }

  @Test func aFolderMayGoWhenItWasRead() async throws {
    try await export(try await here.build(Self.dockerfile), .max, from: here)
    var there = there
    there.caches = [.layout(folder)]
    let second = try await there.build(Self.dockerfile)
    #expect(second.ran.isEmpty)
    try Files.removeTree(folder)
    #expect(try await there.text("both", in: second.image) == "tool\na")
  }

  @Test func anImageTellsOfItsOwnSteps() async throws {
    var here = here
    here.embedsCache = true
    let first = try await here.build("FROM base\nCOPY a /\nRUN cp /a /c\n")
    try await ImageExporter(store: here.store, progress: .silent).writeLayout(
      first.product, names: [RemoteCache.reference], to: folder, ProgressReporter.silent.begin("export"))
    let remote = RemoteCache(folder)
    var there = there
    there.caches = [.registry(remote, RemoteCache.reference)]
    let second = try await there.build("FROM base\nCOPY a /\nRUN cp /a /c\nRUN cp /c /d\n")
    #expect(second.ran == ["RUN cp /c /d"])
    #expect(try await there.text("d", in: second.image) == "a")
    // Readers of images pass over it.
    let image = try await remote.resolve(RemoteCache.reference, platform: .host)
    #expect(image.config == first.image.config)
    there.embedsCache = true
    let same = try await there.build("FROM base\nCOPY a /\nRUN cp /a /c\n")
    #expect(same.image.manifest.descriptor == first.image.manifest.descriptor)
  }

  @Test func withoutCacheNoCacheIsAsked() async throws {
    try await export(try await here.build(Self.dockerfile), .max, from: here)
    let remote = RemoteCache(folder)
    var there = there
    there.caches = [.registry(remote, RemoteCache.reference)]
    there.ignoresCache = true
    #expect(try await there.build("FROM base\nCOPY a /\n").cached.isEmpty)
    #expect(remote.reads.isEmpty)
  }

  @Test func whatACacheSaysIsNotBelievedInOtherBuilds() async throws {
    try await export(try await here.build(Self.dockerfile), .max, from: here)
    var there = there
    there.caches = [.layout(folder)]
    #expect(try await there.build(Self.dockerfile).ran.isEmpty)
    there.caches = []
    #expect(try await there.build("FROM base\nCOPY a /a\n").ran == ["COPY a /a"])
  }

  @Test func equalFilesOfOtherLayersAreTheSameCopy() async throws {
    func dockerfile(_ junk: String) -> String {
      "FROM base AS one\nRUN echo x >/out && touch -d @1 /out && echo \(junk) >/junk\nFROM base\nCOPY --from=one /out /\n"
    }
    _ = try await here.build(dockerfile("one"))
    let second = try await here.build(dockerfile("two"))
    #expect(second.cached == ["COPY --from=one /out /"])
    // From now on the layers need not be looked into.
    try Files.removeTree(here.store.root.appending("index"))
    let third = try await here.build(dockerfile("two"))
    #expect(third.ran.isEmpty)
    #expect(try FileStatus.ifExists(here.store.root.appending("index")) == nil)
  }
}
