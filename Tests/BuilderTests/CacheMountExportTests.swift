import Archive
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import Sandbox
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Folders of cache mounts that one store exports and another one, which is empty, begins with.
@Suite(.timeLimit(.minutes(5))) struct CacheMountExportTests {
  private let here: BuildBench
  private let there: BuildBench
  private let folder: FilePath

  init() throws {
    (here, there) = (try BuildBench(), try BuildBench())
    folder = here.scratch("cache")
  }

  /// Counts the commands that have used the cache.
  private static func counting(_ remark: String, _ mount: String = "type=cache,target=/c") -> String {
    "FROM base\nRUN --mount=\(mount) echo x >>/c/n && wc -l </c/n >/count # \(remark)\n"
  }

  private func export(
    _ outcome: BuildBench.Outcome, from bench: BuildBench, to other: FilePath? = nil,
    _ mounts: CacheExporter.Mounts = .all, _ mode: CacheExporter.Mode = .min,
    _ progress: ProgressReporter = .silent
  ) async throws {
    var exporter = CacheExporter(store: bench.store, progress: progress)
    exporter.mounts = mounts
    try await exporter.write(
      outcome.product, mode: mode, toLayout: other ?? folder, tag: "latest", progress.begin("export"))
  }

  private func cache(_ folder: FilePath) async throws -> ImageManifest {
    let manifest = try await RemoteCache(folder).manifest(RemoteCache.reference)
    guard case .image(let image) = manifest.content else { throw BenchError("the cache is an index") }
    return image
  }

  private func mounts(_ folder: FilePath) async throws -> [Descriptor] {
    try await cache(folder).layers.filter { $0.annotations != nil }
  }

  private func mountFolders(_ bench: BuildBench) throws -> [FilePath] {
    let parent = bench.store.root.appending("mounts")
    guard try FileStatus.ifExists(parent) != nil else { return [] }
    return try Files.names(in: parent).map { parent.appending($0).appending("0") }
  }

  @Test(arguments: [Isolation.auto, .chroot])
  func aCounterGoesOnInAnEmptyStore(_ isolation: Isolation) async throws {
    var (here, there) = (here, there)
    (here.isolation, there.isolation) = (isolation, isolation)
    let first = try await here.build(Self.counting("one"))
    #expect(try await here.text("count", in: first.image) == "1\n")
    try await export(first, from: here)
    let archive = try #require(try await mounts(folder).first)
    #expect(archive.mediaType == .ociLayerGzip && archive.annotations?["vnd.slipway.cache.mount.id"] == "//c")
    there.caches = [.layout(folder)]
    let second = try await there.build(Self.counting("two"))
    #expect(try await there.text("count", in: second.image) == "2\n")
    // What is here is newer than what the cache has.
    let third = try await there.build(Self.counting("three"))
    #expect(try await there.text("count", in: third.image) == "3\n")
    #expect(try await BuildBench.entries(of: there.store.root.appending("work")) == [])
  }

  @Test func aBuildThatIsKnownDownloadsNoMountAndKeepsIt() async throws {
    try await export(try await here.build(Self.counting("one")), from: here)
    let remote = RemoteCache(folder)
    var there = there
    there.caches = [.registry(remote, RemoteCache.reference)]
    let second = try await there.build(Self.counting("one"))
    #expect(second.ran.isEmpty)
    #expect(remote.reads == [try await cache(folder).config.digest])
    #expect(try mountFolders(there) == [])
    // A registry that has the blobs would not read them, either.
    let other = there.scratch("again")
    try await export(second, from: there, to: other)
    #expect(try await mounts(other) == mounts(folder))
    #expect(try await cache(other) == cache(folder))
    #expect(try mountFolders(there) == [])
  }

  @Test func whatTheDockerfileNoLongerMountsIsForgotten() async throws {
    let both = "FROM base\nRUN --mount=type=cache,id=a,target=/a --mount=type=cache,id=b,target=/b echo >/a/x\n"
    try await export(try await here.build(both), from: here)
    #expect(try await mounts(folder).count == 2)
    var there = there
    there.caches = [.layout(folder)]
    let second = try await there.build("FROM base\nRUN --mount=type=cache,id=b,target=/b ls /b\n")
    let other = there.scratch("again")
    try await export(second, from: there, to: other)
    #expect(try await mounts(other).map { $0.annotations?["vnd.slipway.cache.mount.id"] } == ["/b"])
  }

  @Test func mountsAreExportedWhenTheyAreAskedFor() async throws {
    let dockerfile =
      "FROM base AS tools\nRUN --mount=type=cache,id=a,target=/a echo >/a/x\n"
      + "FROM base\nRUN --mount=type=cache,id=b,target=/b echo >/b/x\nCOPY --from=tools /etc/passwd /p\n"
    let outcome = try await here.build(dockerfile)
    func ids(_ mounts: CacheExporter.Mounts) async throws -> [String] {
      let other = here.scratch("ids-\(mounts)")
      try await export(outcome, from: here, to: other, mounts)
      return try await self.mounts(other).compactMap { $0.annotations?["vnd.slipway.cache.mount.id"] }.sorted()
    }
    #expect(try await ids(.none) == [])
    // Also of stages whose layers are left out.
    #expect(try await ids(.all) == ["/a", "/b"])
    #expect(try await ids(.ids(["b"])) == ["/b"])
    let recorder = DiagnosticRecorder()
    try await export(
      outcome, from: here, to: here.scratch("unknown"), .ids(["bb"]), .min, ProgressReporter(recorder))
    #expect(recorder.diagnostics.map(\.code) == ["cache-mount-unknown"])
    #expect(recorder.diagnostics.map(\.help) == [["did you mean b?"]])
  }

  @Test func everythingOfAFolderComesBack() async throws {
    let mount = "type=cache,id=été/%:\u{1F4E6},target=/c,mode=2770,uid=7,gid=8"
    let fill = """
      cd /c && echo one >a && chown 5:6 a && chmod 4711 a && touch -d @1000000000 a && ln a b && ln -s /nowhere l \
      && mkdir -m 1777 d && mkfifo d/p && echo hidden >.wh.name && mkdir -p "sp ace/$(printf '\\377')" \
      && dd if=/dev/zero of=holes bs=1 count=1 seek=5000000 2>/dev/null && chmod 711 /c && touch -d @999999999 /c
      """
    let look = "cd /c && find . | sort | while read -r f; do stat -c '%n %F %a %u %g %h %s %Y' \"$f\"; done"
    let first = try await here.build("FROM base\nRUN --mount=\(mount) \(fill)\nRUN --mount=\(mount) \(look)\n")
    #expect(first.log.contains("./a regular file 4711 5 6 2 4 1000000000\n"), "\(first.log)")
    #expect(first.log.contains("./.wh.name "))
    try await export(first, from: here)
    var there = there
    there.caches = [.layout(folder)]
    let second = try await there.build("FROM base\nRUN --mount=\(mount) \(look) #\n")
    // The sizes of folders are the file system's own.
    func listing(_ log: String) -> [Substring] {
      log.split(separator: "\n").filter { $0.hasPrefix(".") && !$0.contains("directory") }
    }
    func folders(_ log: String) -> [[Substring]] {
      log.split(separator: "\n").filter { $0.hasPrefix(".") && $0.contains("directory") }.map { line in
        let words = line.split(separator: " ")
        return Array(words.dropLast(2)) + [words[words.count - 1]]
      }
    }
    #expect(listing(second.log) == listing(first.log))
    #expect(folders(second.log) == folders(first.log))
  }

  @Test func aFolderThatHasNotChangedIsNotArchivedAgain() async throws {
    let first = try await here.build(Self.counting("one"))
    try await export(first, from: here)
    var there = there
    there.caches = [.layout(folder)]
    let look = "FROM base\nRUN --mount=type=cache,target=/c cat /c/n\n"
    let second = try await there.build(look)
    let recorder = DiagnosticRecorder()
    try await export(second, from: there, to: there.scratch("again"), .all, .min, ProgressReporter(recorder))
    #expect(!recorder.log.contains("archiving"))
    #expect(try await mounts(there.scratch("again")) == mounts(folder))
    // In place, without another size or time of modification.
    let change = "touch -r /c/n /tmp/t && printf 'y\\n' >/c/n && touch -r /tmp/t /c/n"
    let third = try await there.build("FROM base\nRUN --mount=type=cache,target=/c \(change)\n")
    try await export(third, from: there, to: there.scratch("third"), .all, .min, ProgressReporter(recorder))
    #expect(recorder.log.contains("archiving the cache mount /c"))
    #expect(try await mounts(there.scratch("third")) != mounts(folder))
  }

  @Test(arguments: ["gone", "damaged", "no mount"]) func anArchiveThatCannotBeUsedIsAWarning(_ fault: String)
    async throws
  {
    try await export(try await here.build(Self.counting("one")), from: here)
    let digest = try #require(try await mounts(folder).first?.digest)
    let blob = ContentStore(layout: folder).path(of: digest)
    switch fault {
    case "gone": try Files.removeTree(blob)
    case "damaged":
      var bytes = try Files.read(blob)
      bytes[bytes.count / 2] ^= 1
      try Files.writeAtomically(bytes, to: blob)
    default: try await replaceArchives(in: folder)
    }
    var there = there
    there.caches = [.layout(folder)]
    let second = try await there.build(Self.counting("two"))
    #expect(second.warnings == ["cache-mount-missing"])
    #expect(try await there.text("count", in: second.image) == "1\n")
    // The next export mends it.
    let other = there.scratch("again")
    try await export(second, from: there, to: other)
    var third = try BuildBench()
    third.caches = [.layout(other)]
    let outcome = try await third.build(Self.counting("three"))
    #expect(outcome.warnings.isEmpty)
    #expect(try await third.text("count", in: outcome.image) == "2\n")
  }

  /// Names the base image's layer as the archive of every mount.
  private func replaceArchives(in folder: FilePath) async throws {
    let layout = ContentStore(layout: folder)
    let image = try await cache(folder)
    let bytes = try await layout.readWhole(image.config)
    var document = try JSONDocument.decode(CacheDocument.self, from: bytes, called: "cache document")
    let step = try #require(document.rootfs?.diffIDs.first)
    let mounts = document.cache?.mounts ?? []
    document.cache?.mounts = mounts.map { .init(identity: $0.identity, diffID: step) }
    let config = try layout.store(try JSONDocument.encode(document), mediaType: .cacheDocument)
    let manifest = try RawManifest(ImageManifest(config: config, layers: image.layers))
    var descriptor = try layout.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    descriptor.annotations = [ContentStore.referenceNameAnnotation: "latest"]
    try layout.add([descriptor])
  }

  @Test func anImportedArchiveThatIsGoneIsLeftOut() async throws {
    try await export(try await here.build(Self.counting("one")), from: here)
    let digest = try #require(try await mounts(folder).first?.digest)
    var there = there
    there.caches = [.registry(RemoteCache(folder, without: [digest]), RemoteCache.reference)]
    let second = try await there.build(Self.counting("one"))
    let recorder = DiagnosticRecorder()
    try await export(second, from: there, to: there.scratch("again"), .all, .min, ProgressReporter(recorder))
    #expect(recorder.diagnostics.map(\.code) == ["cache-mount-missing"])
    #expect(try await mounts(there.scratch("again")) == [])
    #expect(try await cache(there.scratch("again")).layers.count == 1)
  }

  @Test func contentOfASourceIsReplacedByWhatTheCacheHas() async throws {
    let mount = "type=cache,target=/c,from=seed,source=/s"
    func dockerfile(_ remark: String, _ seed: String = "0") -> String {
      "FROM base AS seed\nRUN mkdir /s && echo \(seed) >/s/n\n" + Self.counting(remark, mount)
    }
    let first = try await here.build(dockerfile("one"))
    #expect(try await here.text("count", in: first.image) == "2\n")
    try await export(first, from: here, .all, .max)
    var there = there
    there.caches = [.layout(folder)]
    #expect(try await there.text("count", in: try await there.build(dockerfile("two")).image) == "3\n")
    // Another beginning is another cache.
    #expect(try await there.text("count", in: try await there.build(dockerfile("two", "1")).image) == "2\n")
  }

  @Test func aFolderOfItsOwnIsForWhoeverMustNotShareTheFirst() async throws {
    let mount = "type=cache,target=/c,sharing=private"
    let first = try await here.build(Self.counting("one", mount))
    try await export(first, from: here)
    var there = there
    there.caches = [.layout(folder)]
    let second = try await there.build(Self.counting("two", mount))
    #expect(try await there.text("count", in: second.image) == "2\n")
    // Whoever exports waits for those who write.
    let use = try #require(second.product.mounts.first)
    let folders = CacheFolders(use.identity, in: there.store)
    let (_, lock) = try await folders.take(.shared, work: there.scratch.path, { _ in nil }) {}
    let (waiting, waits) = AsyncStream<Void>.makeStream()
    let recorder = DiagnosticRecorder { if $0.contains("waiting for another command") { waits.finish() } }
    let other = there.scratch("again")
    let exporting = Task { [there] in
      try await export(second, from: there, to: other, .all, .min, ProgressReporter(recorder))
    }
    for await _ in waiting {}
    lock.release()
    try await exporting.value
    #expect(try await mounts(other).count == 1)
  }

  @Test func withoutTheCacheOfStepsFoldersBeginWithWhatItHas() async throws {
    try await export(try await here.build(Self.counting("one")), from: here)
    var there = there
    there.caches = [.layout(folder)]
    there.ignoresCache = true
    let second = try await there.build(Self.counting("one"))
    #expect(second.cached.isEmpty)
    #expect(try await there.text("count", in: second.image) == "2\n")
  }

  @Test func aStoreThatHasTheFolderExportsItThoughNoCommandRan() async throws {
    _ = try await here.build(Self.counting("one"))
    let again = try await here.build(Self.counting("one"))
    #expect(again.ran.isEmpty)
    try await export(again, from: here)
    #expect(try await mounts(folder).count == 1)
  }

  @Test func pruneTakesRecordsAlong() async throws {
    try await export(try await here.build(Self.counting("one")), from: here)
    var there = there
    there.caches = [.layout(folder)]
    _ = try await there.build(Self.counting("two"))
    let items = try StoreUsage(of: there.store).items
    #expect(items.filter { $0.kind == .cacheMount }.count == 1)
    #expect(items.filter { $0.kind == .work || $0.kind == .other }.isEmpty)
    var options = Prune.Options()
    options.filter.kinds = [.cacheMount]
    #expect(try Prune(there.store, options).run().removed.count == 1)
    #expect(try await BuildBench.entries(of: there.store.root.appending("mounts")) == [])
  }
}

extension BuildBench {
  /// What is in a folder, all the way down; nothing where there is none.
  static func entries(of folder: FilePath) async throws -> [String] {
    guard try FileStatus.ifExists(folder) != nil else { return [] }
    return try await Tool.output("find", [folder.string, "-mindepth", "1"]).split(separator: "\n").map(String.init)
  }
}
