import HostOS
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Builder

struct BuildStoreTests {
  private let scratch: Scratch
  private let store: BuildStore

  init() throws {
    scratch = try Scratch("store")
    store = BuildStore(root: scratch("store"))
  }

  @Test(arguments: [
    (["SLIPWAY_ROOT": "/s", "HOME": "/h", "XDG_DATA_HOME": "/x"], true, "/s"),
    (["SLIPWAY_ROOT": "", "HOME": "/h"], true, "/var/lib/slipway"),
    (["HOME": "/h", "XDG_DATA_HOME": "/x"], false, "/x/slipway"), (["HOME": "/h"], false, "/h/.local/share/slipway"),
  ])
  func findsItsRoot(_ variables: [String: String], isRoot: Bool, _ root: String) {
    #expect(BuildStore.defaultRoot(Environment(variables), isRoot: isRoot) == FilePath(root))
  }

  @Test func oneTaskAtATimeMakesAThing() async throws {
    let visitors = Visitors()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<40 {
        group.addTask { [store] in
          try await store.exclusively("thing") {
            visitors.enter()
            await Task.yield()
            visitors.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(visitors.most == 1)
    #expect(try Files.names(in: store.root.appending("locks")).isEmpty)
  }

  @Test func differentThingsAreMadeSideBySide() async throws {
    try await store.exclusively("one") {
      try await store.exclusively("two") {
        let locks = try Files.names(in: store.root.appending("locks"))
        #expect(locks.count == 2)
      }
    }
  }

  @Test func anotherProcessIsKeptOut() async throws {
    let lock = store.lockPath("thing").string
    try await store.exclusively("thing") {
      let outcome = try await Tool.attempt("flock", ["--nonblock", lock, "true"])
      #expect(outcome.status == 1)
    }
    #expect(try await Tool.attempt("flock", ["--nonblock", lock, "true"]).succeeded)
  }

  @Test func anotherProcessIsWaitedFor() async throws {
    try scratch.write(["held": .fifo, "go": .fifo, "log": "", "store/locks": .directory()])
    let (held, go, log) = (scratch("held"), scratch("go"), scratch("log"))
    let lock = store.lockPath("thing").string
    async let other = Tool.run(
      "flock", [lock, "sh", "-c", "echo >\(held); cat \(go) >/dev/null; echo theirs >>\(log)"])
    _ = try await Blocking.run { try Files.read(held) }
    async let ours: Void = store.exclusively("thing") {
      try await Tool.run("sh", ["-c", "echo ours >>\(log)"])
    }
    try await Tool.run("sh", ["-c", "echo >\(go)"])
    _ = try await (other, ours)
    #expect(try String(decoding: Files.read(log), as: UTF8.self) == "theirs\nours\n")
  }

  @Test func lockIsFreeAfterAnError() async throws {
    struct Failure: Error {}
    await #expect(throws: Failure.self) { try await store.exclusively("thing") { throw Failure() } }
    try await store.exclusively("thing") {}
    #expect(try Files.names(in: store.root.appending("locks")).isEmpty)
  }

  @Test func recordsThatAreDamagedOrHaveNoBlobAreForgotten() throws {
    let key = CacheKey("k") { _ in }
    let digest = Digest(sha256Of: Array("blob".utf8))
    var layer = Layer(descriptor: Descriptor(mediaType: .ociLayer, digest: digest, size: 4), diffID: digest)
    layer.created = Timestamp(seconds: 5)
    try store.remember(layer, for: [key])
    #expect(store.result(of: key)?.layer.diffID == nil, "the blob is missing")
    try store.content.store(Array("blob".utf8), mediaType: .ociLayer)
    #expect(store.result(of: key)?.layer.created == Timestamp(seconds: 5))
    #expect(store.result(of: key)?.layer.descriptor == layer.descriptor)
    try Files.writeAtomically(Array("{".utf8), to: store.recordPath(of: key))
    #expect(store.result(of: key)?.layer.diffID == nil, "the record is damaged")
  }
}

/// Counts who is in a place at once.
private final class Visitors: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var most: Int { counts.withLock { $0.most } }

  func enter() {
    counts.withLock { counts in
      counts.now += 1
      counts.most = max(counts.most, counts.now)
    }
  }

  func leave() { counts.withLock { $0.now -= 1 } }
}
