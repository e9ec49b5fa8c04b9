import BuildPlanning
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// What a store holds, and what pruning takes of it.
struct PruneTests {
  private let bench: BuildBench
  private let name: ImageReference

  init() throws {
    bench = try BuildBench()
    try bench.scratch.write(["a": "a", "b": "b"], in: "context")
    name = try ImageReference(parsing: "app:1")
  }

  private static let tagged = "FROM base\nCOPY a /a\nRUN cp /a /copy\n"
  private static let untagged = """
    FROM base
    COPY b /b
    RUN --mount=type=cache,target=/c --mount=type=bind,target=/ctx cp /ctx/b /c/b
    """

  /// A store with an image that has a name and one that has none.
  private func fill() async throws -> BuildBench.Outcome {
    let outcome = try await bench.build(Self.tagged)
    try bench.store.content.tag(outcome.product.descriptor, as: name)
    _ = try await bench.build(Self.untagged)
    return outcome
  }

  private func prune(_ change: (inout Prune.Options) -> Void = { _ in }, now: Timestamp = .now) throws -> Prune.Result {
    var options = Prune.Options()
    change(&options)
    return try Prune(bench.store, options, now: now).run()
  }

  private func usage() throws -> StoreUsage { try StoreUsage(of: bench.store) }

  private func kinds(_ items: [StoreItem]) -> Set<StoreItem.Kind> { Set(items.map(\.kind)) }

  @Test func everythingIsListedWithItsSize() async throws {
    _ = try await fill()
    let usage = try usage()
    #expect(
      kinds(usage.items).isSuperset(of: [.blob, .index, .snapshot, .record, .cacheMount, .context]))
    #expect(usage.items.allSatisfy { !$0.isInUse && $0.size >= 0 })
    #expect(Set(usage.items.map { "\($0.kind) \($0.id)" }).count == usage.items.count)
    // All but the folders that things lie in.
    let all = try await Tool.output("du", ["-s", "--block-size=1", bench.store.root.string])
    let folders = try await Tool.output(
      "sh",
      [
        "-c", "find \"$0\" -maxdepth 3 -type d -printf '%b\\n' | awk '{ s += $1 * 512 } END { print s }'",
        bench.store.root.string,
      ])
    let total = try #require(Int64(all.prefix { $0.isNumber }))
    #expect(usage.size <= total)
    #expect(usage.size >= total - (try #require(Int64(folders))) - 64 << 10)
  }

  @Test func whatANamedImageNeedsStays() async throws {
    let outcome = try await fill()
    let result = try prune()
    #expect(result.failures.isEmpty && !result.isPartial && result.untagged.isEmpty)
    #expect(result.reclaimed == result.removed.reduce(0) { $0 + $1.size })
    #expect(kinds(result.removed).isSuperset(of: [.blob, .snapshot, .record, .cacheMount, .context]))
    let left = try usage()
    #expect(left.reclaimable == 0)
    #expect(kinds(left.items) == [.blob, .index, .record])
    #expect(left.items.allSatisfy { $0.images == [name.withDefaultTag.description] })
    // The image is whole, and its steps are still known.
    let image = try await bench.store.content.resolve(name, platform: outcome.image.platform)
    for layer in outcome.image.layers where layer.created != nil {
      #expect(bench.store.content.contains(layer.descriptor.digest))
    }
    #expect(image.manifestDescriptor.digest == outcome.image.manifest.descriptor.digest)
    #expect(try await bench.build(Self.tagged).ran.isEmpty)
    #expect(try await bench.build(Self.untagged).ran.count == 2)
  }

  @Test func allTakesNamesAwayAndLeavesNothing() async throws {
    let first = try await fill()
    let result = try prune { $0.includesImages = true }
    #expect(result.untagged == [name.withDefaultTag.description])
    #expect(try usage().items.isEmpty)
    let again = try await bench.build(Self.tagged)
    #expect(again.cached.isEmpty)
    #expect(again.image.layers.map(\.diffID).first == first.image.layers.map(\.diffID).first)
  }

  @Test func imagesShareWhatBothNeed() async throws {
    let first = try await bench.build(Self.tagged)
    let second = try await bench.build(Self.tagged + "COPY b /b\n")
    try bench.store.content.tag(first.product.descriptor, as: name)
    let other = try ImageReference(parsing: "other:2")
    try bench.store.content.tag(second.product.descriptor, as: other)
    let result = try prune {
      $0.includesImages = true
      $0.filter.ids = [other.withDefaultTag.description]
    }
    #expect(result.untagged == [other.withDefaultTag.description])
    for layer in first.image.layers where layer.created != nil {
      #expect(bench.store.content.contains(layer.descriptor.digest))
    }
  }

  @Test func theLeastRecentlyUsedGoesFirst() async throws {
    _ = try await bench.build("FROM base\nCOPY a /a\n")
    _ = try await bench.build("FROM base\nCOPY b /b\n")
    let records = try usage().items.filter { $0.kind == .record }
    let oldest = try #require(records.first)
    try Files.setTime(bench.store.root.appending("cache").appending(oldest.id), Timestamp(seconds: 1_000_000))
    let size = try usage().size
    let result = try prune { $0.keepStorage = size - 1 }
    #expect(result.removed.map(\.id) == [oldest.id])
    #expect(try usage().size <= size - 1)
    #expect(try prune { $0.keepStorage = size }.removed.isEmpty)
  }

  @Test func usingAThingKeepsIt() async throws {
    _ = try await bench.build(Self.tagged)
    let old = Timestamp(seconds: 1_000_000)
    for path in try await bench.storedPaths() where try FileStatus(of: FilePath(path)).kind == .file {
      try Files.setTime(FilePath(path), old)
    }
    _ = try await bench.build(Self.tagged)
    let stale = try usage().items.filter { $0.lastUsed == old }
    // What a build does not look at when everything is known.
    #expect(kinds(stale).isDisjoint(with: [.record, .blob]))
    #expect(kinds(stale) == [.snapshot] || kinds(stale) == [.snapshot, .index])
  }

  @Test func filtersChoose() async throws {
    _ = try await fill()
    let byType = try prune { $0.filter.kinds = [.snapshot] }
    #expect(kinds(byType.removed) == [.snapshot])
    #expect(try prune { $0.filter.minimumAge = 3600 }.removed.isEmpty)
    let record = try #require(try usage().items.first { $0.kind == .record && $0.isReclaimable })
    #expect(try prune { $0.filter.ids = [String(record.id.prefix(12))] }.removed.map(\.id) == [record.id])
    let later = Timestamp(seconds: Timestamp.now.seconds + 7200)
    #expect(try !prune({ $0.filter.minimumAge = 3600 }, now: later).removed.isEmpty)
  }

  @Test func runningBuildsKeepAllButWhatHasItsOwnLock() async throws {
    _ = try await fill()
    let hold = try await bench.store.hold()
    #expect(try usage().isInUse)
    let result = try prune { $0.includesImages = true }
    #expect(result.isPartial && result.untagged.isEmpty)
    #expect(kinds(result.removed) == [.cacheMount, .context])
    #expect(try await bench.build(Self.tagged).ran.isEmpty)
    hold.release()
    #expect(try !prune().isPartial)
  }

  @Test func whatIsLockedStays() async throws {
    _ = try await fill()
    let mount = try #require(try usage().items.first { $0.kind == .cacheMount })
    let path = bench.store.root.appending("mounts").pushing(FilePath(mount.id))
    do {
      let lock = try FileLock(FilePath(path.string + ".lock"), .shared)
      defer { withExtendedLifetime(lock) {} }
      #expect(try usage().items.first { $0.kind == .cacheMount }?.isInUse == true)
      #expect(try !kinds(prune { $0.includesImages = true }.removed).contains(.cacheMount))
      #expect(try FileStatus.ifExists(path) != nil)
    }
    #expect(try kinds(prune().removed) == [.cacheMount])
    #expect(try FileStatus.ifExists(path.removingLastComponent()) == nil)
  }

  @Test func leftoversOfKilledProcessesGo() async throws {
    _ = try await fill()
    _ = try prune { $0.keepStorage = .max }
    let store = bench.store.root
    try bench.scratch.write(
      [
        "work/dead/.lock": "", "work/dead/upper/x": "x", "ingest/1-2": "half", "remote/http/incoming/3": "half",
        "cache/.4": "half", "index/.5": "half", "oci/.6": "half", "locks/step-7": "",
        "remote/git/\(String(repeating: "a", count: 64))/new-8/x": "",
        "snapshots/abc.used": "",
      ], in: "store")
    let result = try prune { $0.keepStorage = .max }
    #expect(kinds(result.removed) == [.work])
    #expect(result.removed.count == 9)
    let left = try await Tool.output("find", [store.string, "-type", "f"])
    for name in ["dead", "1-2", "incoming/3", ".4", ".5", ".6", "step-7", "new-8", "abc.used"] {
      #expect(!left.contains("/\(name)"), "\(name)")
    }
    #expect(try await bench.build(Self.tagged).ran.isEmpty)
  }

  /// It may not have reached the disk when the power went.
  @Test func whatWasUnpackedBeforeARestartIsNotUsedAndGoes() async throws {
    _ = try await fill()
    let folder = bench.store.root.appending("snapshots")
    let names = try Files.names(in: folder).map(\.string).filter { $0.hasSuffix(BuildStore.snapshotSuffix) }
    #expect(!names.isEmpty)
    for name in names {
      let before = folder.appending("\(name.dropLast(BuildStore.snapshotSuffix.count)).b007")
      try Files.rename(folder.appending(name), to: before)
      try Files.removeTree(before.appending("copy"))
    }
    #expect(try await bench.build(Self.tagged + "RUN cp /copy /again\n").ran.count == 1)
    #expect(kinds(try prune { $0.keepStorage = .max }.removed) == [.work])
    let left = try Files.names(in: folder).map(\.string)
    #expect(left.contains { $0.hasSuffix(BuildStore.snapshotSuffix) })
    #expect(!left.contains { $0.contains(".b007") })
  }

  @Test func strangersAreShownAndStay() async throws {
    _ = try await fill()
    try bench.scratch.write(["notes/mine": "x"], in: "store")
    #expect(try usage().items.filter { $0.kind == .other }.map(\.id) == ["notes"])
    _ = try prune { $0.includesImages = true }
    #expect(try usage().items.map(\.id) == ["notes"])
  }

  @Test func namesThatCannotBeReadKeepEverything() async throws {
    _ = try await fill()
    _ = try prune { $0.keepStorage = .max }
    try bench.scratch.write(["oci/index.json": "{"], in: "store")
    let before = try await bench.storedPaths()
    #expect(throws: OCIError.self) { try prune { $0.includesImages = true } }
    #expect(try await bench.storedPaths() == before)
  }

  @Test func aStoreThatIsNotThereIsEmpty() throws {
    #expect(try usage().items.isEmpty)
    #expect(try prune().removed.isEmpty)
    #expect(try FileStatus.ifExists(bench.store.root) == nil)
  }
}
