import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

struct CacheKeyTests {
  private let scratch: Scratch
  private let store: BuildStore

  init() throws {
    scratch = try Scratch("key")
    store = BuildStore(root: scratch("store"))
  }

  @Test func noTwoListsLookAlike() {
    let lists: [[String]] = [[], [""], ["", ""], ["ab"], ["a", "b"], ["a", "", "b"], ["1", "a"], ["a,b"]]
    let keys = lists.flatMap { list in
      [
        CacheKey("k") { $0.add(list) }, CacheKey("other") { $0.add(list) },
        CacheKey("k") { key in for text in list { key.add(Optional(text)) } },
      ]
    }
    // Without elements there is one key less: nothing was added.
    #expect(Set(keys).count == keys.count)
    #expect(CacheKey("k") { $0.add(String?.none) } != CacheKey("k") { $0.add(Optional("")) })
  }

  @Test func everythingThatACommandSeesCounts() {
    let base = ExecOperation(
      root: nil, platform: .host, arguments: ["/bin/sh", "-c", "x"], environment: ["A=1"])
    let changes: [(inout ExecOperation) -> Void] = [
      { _ in }, { $0.arguments = ["/bin/sh", "-c", "y"] }, { $0.arguments = ["/bin/sh", "-cx"] },
      { $0.environment = ["A=2"] }, { $0.environment = ["A=1", "B="] }, { $0.environment = [] },
      { $0.workingDirectory = "/w" }, { $0.user = "app" }, { $0.user = "/" }, { $0.network = .none },
      { $0.platform.architecture = "other" }, { $0.surroundings.hosts = [.init(name: "db", address: "10.0.0.1")] },
    ]
    let keys = changes.map { change in
      var operation = base
      change(&operation)
      return exec(operation).key
    }
    #expect(Set(keys).count == changes.count)
    #expect(exec(base, on: stack("below")).key != exec(base).key)
    #expect(exec(base, epoch: Timestamp(seconds: 5)).key != exec(base).key)
  }

  @Test func proxiesAreNotPartOfWhatACommandMeans() {
    var operation = ExecOperation(root: nil, platform: .host, arguments: ["x"], environment: [])
    let key = exec(operation).key
    operation.proxyEnvironment = ["HTTP_PROXY=http://proxy.example"]
    #expect(exec(operation).key == key)
  }

  @Test func everythingAboutACopyCountsButTimes() throws {
    let files: [[LayerIndex.Item]] = [
      [.file("f", "one")], [.file("f", "two")], [.file("f", "one", mode: 0o600)], [.file("f", "one", owner: 5)],
      [.folder("f")], [.folder("f"), .file("f/a", "one")], [.folder("f"), .file("f/b", "one")],
      [.folder("f", mode: 0o700)],
      [.folder("f"), .link("f/a", "x")], [.folder("f"), .link("f/a", "y")], [.folder("f"), .folder("f/a")],
    ]
    let keys = try files.map { try key(of: [.copy(CopyBench.action("/f", "/x"))], from: $0) }
    #expect(Set(keys).count == files.count)
    var later = try #require(files[0].first)
    later.entry.modificationTime = Timestamp(seconds: 99)
    #expect(try key(of: [.copy(CopyBench.action("/f", "/x"))], from: [later]) == keys[0])
  }

  @Test func everythingThatACopySaysCounts() throws {
    var owned = CopyBench.action("/f", "/x")
    owned.owner = "app"
    var adding = CopyBench.action("/f", "/x")
    adding.unpacks = true
    let actions: [[FileAction]] = [
      [], [.copy(CopyBench.action("/f", "/x"))], [.copy(CopyBench.action("/f", "/x/"))], [.copy(owned)],
      [.copy(adding)],
      [.copy(CopyBench.action("/f", "/x", mode: "644"))], [.copy(CopyBench.action("/f", "/x", mode: "600"))],
      [.copy(CopyBench.action("/g", "/x"))], [.copy(CopyBench.action("/g", "/x/"))],
      [.copy(CopyBench.action("f", "/x", keepsParents: true))],
      [.copy(CopyBench.action("/f", "/x")), .copy(CopyBench.action("/f", "/x"))],
      [.makeDirectory(path: "/x", owner: nil)], [.makeDirectory(path: "/x", owner: "app")],
      [.makeDirectory(path: "/y", owner: nil)],
    ]
    let files: [LayerIndex.Item] = [.file("f", "one"), .file("g", "one")]
    let keys = try actions.map { try key(of: $0, from: files) }
    #expect(Set(keys).count == actions.count)
    #expect(try key(of: actions[1], from: files, on: stack("below")) != keys[1])
    #expect(try key(of: actions[1], from: files, epoch: Timestamp(seconds: 5)) != keys[1])
  }

  @Test func modificationTimesOfTheContextDoNotCount() async throws {
    try scratch.write(["context/f": "one"])
    let tree = ContextTree(root: scratch("context"), ignore: nil)
    let before = try SourceSelection(of: CopyBench.action("/", "/x"), in: tree)
    try await Tool.run("touch", ["-d", "2001-02-03", scratch("context/f").string, scratch("context").string])
    let after = try SourceSelection(of: CopyBench.action("/", "/x"), in: tree)
    #expect(before.matches[0].nodes[1].entry.modificationTime != after.matches[0].nodes[1].entry.modificationTime)
    #expect(CacheKey("k") { before.add(to: &$0) } == CacheKey("k") { after.add(to: &$0) })
  }

  // MARK: Making keys

  private func stack(_ name: String) -> LayerStack {
    let digest = Digest(sha256Of: Array(name.utf8))
    return LayerStack([Layer(descriptor: Descriptor(mediaType: .ociLayer, digest: digest, size: 0), diffID: digest)])
  }

  private func commit(_ epoch: Timestamp?) -> LayerCommit {
    LayerCommit(store: store, compression: .default, latestTime: epoch)
  }

  private func exec(
    _ operation: ExecOperation, on base: LayerStack = LayerStack(), epoch: Timestamp? = nil
  ) -> ExecStep {
    let fetcher = LayerFetcher(store: store, progress: .silent)
    let trees = LayerTrees(store: store, fetcher: fetcher)
    return ExecStep(
      operation: operation, base: base, store: store,
      snapshots: Snapshots(store: store, trees: trees, fetcher: fetcher, progress: .silent), trees: trees,
      commit: commit(epoch), annotation: nil)
  }

  private func key(
    of actions: [FileAction], from files: [LayerIndex.Item], on base: LayerStack = LayerStack(), epoch: Timestamp? = nil
  ) throws -> CacheKey {
    let sources = Dictionary(
      actions.compactMap(\.source).map { ($0, SampleLayers.tree([files]) as any FileTree) }
    ) { first, _ in first }
    let step = FileStep(
      operation: FileOperation(base: nil, actions: actions), base: base, sources: sources, store: store,
      commit: commit(epoch), now: Timestamp(seconds: 1))
    return step.key(try step.select())
  }
}
