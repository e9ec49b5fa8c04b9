import Archive
import BuildPlanning
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// What mounts mean for cache keys.
struct MountKeyTests {
  private func key(_ mounts: [ExecMount], _ sources: [Int: MountSource] = [:]) -> CacheKey {
    var operation = ExecOperation(root: nil, platform: .host, arguments: ["x"], environment: [])
    operation.mounts = mounts
    return CacheKey("k") { operation.addMounts(sources, to: &$0) }
  }

  private func source(_ files: [LayerIndex.Item], _ path: String = "/") throws -> MountSource {
    try MountSource(path, in: .files(SampleLayers.tree([files])))
  }

  private static let bind = MountBench.bind(nil, at: "/m")

  @Test func everythingAboutFilesCountsButTimesAndPlaces() throws {
    let files: [[LayerIndex.Item]] = [
      [.folder("d"), .file("d/f", "one")], [.folder("d"), .file("d/f", "two")], [.folder("d"), .file("d/g", "one")],
      [.folder("d"), .file("d/f", "one", mode: 0o600)], [.folder("d"), .file("d/f", "one", owner: 5)],
      [.folder("d", mode: 0o700), .file("d/f", "one")], [.folder("d"), .link("d/f", "x")], [.folder("d")],
      [.file("d", "one")],
    ]
    let keys = try files.map { key([Self.bind], [0: try source($0, "/d")]) }
    #expect(Set(keys).count == files.count)
    // Elsewhere, later, beside other files, below other layers: the command sees the same.
    var file = LayerIndex.Item.file("e/f", "one")
    file.entry.modificationTime = Timestamp(seconds: 99)
    let elsewhere = try source([.folder("e"), file, .file("other", "x"), .link("link", "e")], "/link")
    #expect(key([Self.bind], [0: elsewhere]) == keys[0])
    #expect(key([Self.bind]) != keys[7])
  }

  @Test func everythingThatAMountSaysCounts() throws {
    let cache = MountBench.cache("x", at: "/m")
    let secret = MountBench.secret("x", at: "/m")
    let mounts: [[ExecMount]] = [
      [], [Self.bind], [Self.bind, Self.bind], [MountBench.bind(nil, at: "/n")],
      [MountBench.bind(nil, at: "/m", isReadOnly: false)], [cache], [MountBench.cache("y", at: "/m")],
      [MountBench.cache("x", at: "/n")], [MountBench.cache("x", at: "/m", sharing: .locked)],
      [MountBench.cache("x", at: "/m", sharing: .private)], [MountBench.cache("x", at: "/m") { $0.isReadOnly = true }],
      [MountBench.cache("x", at: "/m") { $0.mode = 0o700 }], [MountBench.cache("x", at: "/m") { $0.uid = 1 }],
      [MountBench.cache("x", at: "/m") { $0.gid = 1 }], [MountBench.tmpfs(at: "/m")],
      [MountBench.tmpfs(at: "/m", size: 9)],
      [secret], [MountBench.secret("y", at: "/m")], [MountBench.secret("x", at: nil)],
      [MountBench.secret("x", at: "/m", variable: "V")], [MountBench.secret("x", at: "/m", isRequired: true)],
      [MountBench.secret("x", at: "/m") { $0.mode = 0o444 }], [MountBench.ssh("x")], [MountBench.ssh("y")],
      [MountBench.ssh("x", at: "/m")], [MountBench.ssh("x", isRequired: true)], [MountBench.ssh("x") { $0.uid = 1 }],
      [cache, secret], [secret, cache],
    ]
    let keys = mounts.map { key($0) }
    #expect(Set(keys).count == mounts.count)
    #expect(key([cache], [0: try source([.file("f", "one")])]) != key([cache], [0: try source([.file("f", "two")])]))
  }

  @Test func whereAMountIsWrittenDoesNotCount() {
    var moved = Self.bind
    moved.place = nil
    #expect(key([moved]) == key([Self.bind]))
  }

  @Test func cachesAreToldApartByWhatTheyBeginWith() throws {
    let identity = { (mount: ExecMount, source: MountSource?) throws -> String in
      guard case .cache(let cache) = mount.kind else { throw BenchError("no cache") }
      return CacheFolders.Identity(cache, source).key
    }
    let cache = MountBench.cache("x", at: "/m")
    let one = try identity(cache, nil)
    #expect(try identity(MountBench.cache("x", at: "/n", sharing: .locked) { $0.isReadOnly = true }, nil) == one)
    let others = try [
      identity(MountBench.cache("y", at: "/m"), nil), identity(MountBench.cache("x", at: "/m") { $0.uid = 1 }, nil),
      identity(cache, source([.file("f", "one")])), identity(cache, source([.file("f", "two")])),
    ]
    #expect(Set(others + [one]).count == 5)
  }

  @Test func surroundingsCountButAddressesOfHosts() throws {
    let changes: [(inout ExecSurroundings) -> Void] = [
      { _ in }, { $0.hosts = [.init(name: "a", address: "192.0.2.1")] }, { $0.sharedMemorySize = 1 },
      { $0.limits = [.init(name: "nofile", soft: 1, hard: 2)] },
      { $0.limits = [.init(name: "nofile", soft: 2, hard: 2)] },
      { $0.hosts = [.init(name: "b", address: "192.0.2.1")] },
    ]
    let keys = try changes.map { change in
      var surroundings = ExecSurroundings()
      change(&surroundings)
      return try key(surroundings)
    }
    #expect(Set(keys).count == changes.count)
    var moved = ExecSurroundings()
    moved.hosts = [.init(name: "a", address: "192.0.2.99")]
    #expect(try key(moved) == keys[1])
  }

  private func key(_ surroundings: ExecSurroundings) throws -> CacheKey {
    let scratch = try Scratch("key")
    let store = BuildStore(root: scratch("store"))
    let fetcher = LayerFetcher(store: store, progress: .silent)
    let trees = LayerTrees(store: store, fetcher: fetcher)
    var operation = ExecOperation(root: nil, platform: .host, arguments: ["x"], environment: [])
    operation.surroundings = surroundings
    return ExecStep(
      operation: operation, base: LayerStack(), store: store,
      snapshots: Snapshots(store: store, trees: trees, fetcher: fetcher, progress: .silent), trees: trees,
      commit: LayerCommit(store: store, compression: .default, latestTime: nil), annotation: nil
    ).key
  }
}
