import Archive
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Builder

struct ContextMemoryTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch("memory")
    try scratch.write(["a": "first", "b": "second"], in: "context")
  }

  /// A memory of the context that lies beside it. Files that were written just now look long settled to it by default.
  private func memory(secondsLater: Int64 = 60) -> ContextMemory {
    let now = Timestamp(seconds: Timestamp.now.seconds + secondsLater)
    return ContextMemory(at: scratch("digests"), of: scratch("context"), now: { now })
  }

  private func digest(_ memory: ContextMemory, of name: String = "a") throws -> [UInt8] {
    let tree = ContextTree(root: scratch("context"), ignore: nil, memory: memory)
    return try tree.contentSHA256(at: try #require(TreePath(name)))
  }

  /// Replaces what is remembered by something that no file has, so that one sees where an answer comes from.
  private func mark(_ name: String = "a") throws {
    var entries = try #require(ContextMemoryFile.decode(try Files.read(scratch("digests"))))
    let path = try #require(TreePath(name))
    entries[path]?.sha256 = [UInt8](repeating: 7, count: 32)
    #expect(entries[path] != nil)
    try Files.writeAtomically(ContextMemoryFile.encode(entries), to: scratch("digests"))
  }

  private static let marked = [UInt8](repeating: 7, count: 32)
  private static let first = SHA256Hasher.digest(of: "first".utf8)

  private func remember() throws {
    let memory = memory()
    #expect(try digest(memory) == Self.first)
    memory.save()
    try mark()
  }

  @Test func whatWasReadIsNotReadAgain() throws {
    try remember()
    #expect(try digest(memory()) == Self.marked)
  }

  /// What is remembered goes into the layer's index without another look, as long as the file is as it was.
  @Test(arguments: [false, true])
  func whatIsRememberedIsNotDigestedWhenItIsPacked(_ isChanged: Bool) throws {
    try remember()
    let memory = memory()
    let tree = ContextTree(root: scratch("context"), ignore: nil, memory: memory)
    let path = try #require(TreePath("a"))
    let digest = try tree.contentSHA256(at: path)
    let entry = try #require(try tree.entry(at: path))
    let item = PendingLayer.Item(entry: entry, content: try tree.content(at: path), expectedSHA256: digest)
    if isChanged { try Files.setMode(scratch("context/a"), 0o600) }
    let writer = try LayerWriter(to: NullByteSink(), options: .init(digestsContent: true))
    try writer.append([item])
    #expect(try writer.finish().index.items.first?.contentSHA256 == (isChanged ? Self.first : Self.marked))
  }

  @Test(arguments: ["changed!", "FIRST"])
  func aChangedFileIsReadAgain(_ content: String) throws {
    try remember()
    try Files.withDescriptor(scratch("context/a"), .writeOnly, options: .truncate) {
      _ = try $0.writeAll(Array(content.utf8))
    }
    #expect(try digest(memory()) == SHA256Hasher.digest(of: content.utf8))
  }

  @Test func aFileOfTheSameSizeAndTimeIsReadAgain() throws {
    let status = try FileStatus(of: scratch("context/a"))
    try remember()
    try scratch.write(["new": "FIRST"], in: "context")
    try Files.setTime(scratch("context/new"), status.modificationTime)
    try Files.rename(scratch("context/new"), to: scratch("context/a"))
    #expect(try digest(memory()) == SHA256Hasher.digest(of: "FIRST".utf8))
  }

  @Test func filesThatChangedJustNowAreNotRemembered() throws {
    let memory = memory(secondsLater: 0)
    #expect(try digest(memory) == Self.first)
    memory.save()
    #expect(try FileStatus.ifExists(scratch("digests")) == nil)
  }

  @Test(arguments: [(-10, true), (-4, true), (-3, false), (0, false), (5, false)])
  func whatIsSettledIsOlderThanTheMargin(_ age: Int64, _ isSettled: Bool) {
    let now = Timestamp(seconds: 1000)
    let old = Timestamp(seconds: 10)
    let other = Timestamp(seconds: 1000 + age, nanoseconds: 5)
    for (modified, changed) in [(old, other), (other, old)] {
      let stamp = ContextMemory.Stamp(device: 1, inode: 2, size: 3, modified: modified, changed: changed)
      #expect(ContextMemory.isSettled(stamp, at: now) == isSettled)
    }
  }

  @Test func damageCostsOnlyTime() throws {
    try remember()
    let whole = try Files.read(scratch("digests"))
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= 0x20
      try Files.writeAtomically(bytes, to: scratch("digests"))
      #expect(try digest(memory()) == Self.first)
    }
    for length in 0..<whole.count {
      try Files.writeAtomically(Array(whole[..<length]), to: scratch("digests"))
      #expect(try digest(memory()) == Self.first)
    }
  }

  @Test func filesThatAreGoneAreForgottenAndOthersStay() throws {
    let first = memory()
    _ = try digest(first)
    _ = try digest(first, of: "b")
    first.save()
    try Files.removeTree(scratch("context/b"))
    try scratch.write(["c": "third"], in: "context")
    let second = memory()
    _ = try digest(second, of: "c")
    second.save()
    let entries = try #require(ContextMemoryFile.decode(try Files.read(scratch("digests"))))
    #expect(entries.keys.map(\.text).sorted() == ["a", "c"])
  }
}
