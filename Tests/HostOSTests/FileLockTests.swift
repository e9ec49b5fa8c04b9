import Glibc
import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct FileLockTests {
  /// A room for one.
  private final class Visitors: Sendable {
    private let state = Mutex((inside: 0, count: 0, most: 0))
    var count: Int { state.withLock { $0.count } }
    /// How many were inside at once.
    var most: Int { state.withLock { $0.most } }

    func visit() {
      state.withLock { state in
        state.inside += 1
        state.count += 1
        state.most = max(state.most, state.inside)
      }
      sched_yield()
      state.withLock { $0.inside -= 1 }
    }
  }

  @Test func keepsOthersOut() throws {
    let scratch = try Scratch("lock")
    let path = scratch("lock")
    do {
      let held = try FileLock(path)
      #expect(try Self.isFree(path) == false)
      #expect(try Self.isFree(path, .shared) == false)
      _ = consume held
    }
    #expect(try Self.isFree(path))
  }

  @Test func sharedLocksGoTogether() throws {
    let scratch = try Scratch("lock")
    let path = scratch("lock")
    let first = try FileLock(path, .shared)
    #expect(try Self.isFree(path, .shared))
    #expect(try Self.isFree(path, .exclusive) == false)
    _ = consume first
    #expect(try Self.isFree(path, .exclusive))
  }

  @Test func releasesWhenTheBodyThrows() throws {
    struct Failure: Error {}
    let scratch = try Scratch("lock")
    #expect(throws: Failure.self) { try FileLock.hold(scratch("lock")) { throw Failure() } }
    #expect(try Self.isFree(scratch("lock")))
    #expect(throws: HostError.self) { _ = try FileLock(scratch("absent/lock")) }
    #expect(throws: HostError.self) { _ = try FileLock.ifFree(scratch("absent/lock")) }
  }

  @Test func followsSymbolicLinks() throws {
    let scratch = try Scratch("lock")
    try scratch.write(["real": "", "link": .symbolicLink("real")])
    let held = try FileLock(scratch("link"))
    #expect(try Self.isFree(scratch("real")) == false)
    _ = consume held
  }

  /// Threads of one process exclude each other as processes do; and those who wait do not use up the threads that the
  /// holder needs.
  @Test func letsOneInAtATime() async throws {
    try await Scratch.use("lock") { scratch in
      let path = scratch("lock")
      let visitors = Visitors()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<100 {
          group.addTask {
            try await Blocking.run {
              try FileLock.hold(path) {
                visitors.visit()
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(visitors.count == 100)
      #expect(visitors.most == 1)
    }
  }

  /// The holder removes the file: those who waited for it must not be let in beside those who made it anew.
  @Test func survivesRemoval() async throws {
    try await Scratch.use("lock") { scratch in
      let path = scratch("lock")
      let visitors = Visitors()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<40 {
          group.addTask {
            try await Blocking.run {
              let work = {
                visitors.visit()
                try Files.removeTree(path)
              }
              if task % 2 == 0 {
                for _ in 0..<20 { try FileLock.hold(path, .exclusive, work) }
              } else {
                for _ in 0..<20 {
                  let lock = try FileLock.ifFree(path)
                  if lock != nil { try work() }
                  _ = consume lock
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(visitors.most == 1)
    }
  }

  @Test func excludesOtherProcesses() async throws {
    try await Scratch.use("lock") { scratch in
      let path = scratch("lock")
      try scratch.write(["lock": ""])
      let tryLock = ["--nonblock", "--conflict-exit-code", "9", path.string, "true"]
      let held = try FileLock(path)
      #expect(try await Tool.attempt("flock", tryLock).status == 9)
      _ = consume held
      #expect(try await Tool.attempt("flock", tryLock).status == 0)
    }
  }

  /// Another process holds the lock until it is told to go.
  @Test func waitsForOtherProcesses() async throws {
    try await Scratch.use("lock") { scratch in
      let path = scratch("lock")
      try scratch.write(["held": .fifo, "go": .fifo])
      async let other = Tool.run(
        "flock", [path.string, "sh", "-c", "echo > held; read line < go; echo other >> order"], in: scratch.path)
      _ = try await Blocking.run { try Files.read(scratch("held")) }
      #expect(try Self.isFree(path) == false)
      async let mine: Void = Blocking.run {
        try FileLock.hold(path) {
          let order = try Files.read(scratch("order"))
          #expect(String(decoding: order, as: UTF8.self) == "other\n")
        }
      }
      try await Blocking.run {
        try Files.withDescriptor(scratch("go"), .writeOnly) { _ = try $0.writeAll(Array("\n".utf8)) }
      }
      _ = try await (other, mine)
    }
  }

  /// Nobody has to wait for the end of another's build to be rid of one's own.
  @Test func aWaitEndsWhenItIsCancelled() async throws {
    try await Scratch.use("lock") { scratch in
      let path = scratch("folder/lock")
      let held = try await HeldLock.waiting(for: path)
      let waiting = Task { try await HeldLock.waiting(for: path) }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { _ = try await waiting.value }
      #expect(try Self.isFree(path) == false)
      held.release()
      // Whoever was given up does not keep what it got.
      try await Blocking.run { _ = try FileLock(path) }
    }
  }

  private static func isFree(_ path: FilePath, _ mode: FileLock.Mode = .exclusive) throws -> Bool {
    let lock = try FileLock.ifFree(path, mode)
    let isFree = lock != nil
    _ = consume lock
    return isFree
  }
}
