import Archive
import Glibc
import HostOS
import Sandbox
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// What changed in a folder, told by stat(2) alone.
struct RunTreeRecordTests {
  private let scratch: Scratch
  private let root: ChrootRoot

  init() throws {
    scratch = try Scratch("record")
    try scratch.write(["a": "1", "d/b": "2", "d/e/c": "3"], in: "root")
    try Files.createDirectories(scratch("work"))
    root = ChrootRoot(folder: scratch("root"), work: scratch("work"))
  }

  private func changes(_ change: (FilePath) async throws -> Void) async throws -> [String] {
    let record = try TreeRecord(of: root)
    try await change(root.folder)
    var lines: [String] = []
    try record.changes().entries(of: root) { entry, _ in lines.append("\(entry.path.text): \(entry.summary)") }
    return lines
  }

  @Test func nothingIsNothing() async throws {
    #expect(try await changes { _ in }.isEmpty)
  }

  @Test func aChangeOfTheSameSizeAtTheSameTimeIsSeen() async throws {
    // At once after the record was taken, with the modification time put back.
    let lines = try await changes { folder in
      let file = folder.appending("a")
      let time = try FileStatus(of: file).modificationTime
      try Files.withDescriptor(file, .writeOnly) { _ = try $0.writeAll(Array("9".utf8)) }
      try Files.setTime(file, time)
    }
    #expect(lines == ["a: file 644 0:0"])
  }

  @Test func extendedAttributesCount() async throws {
    let lines = try await changes { try ExtendedAttributes.set("user.x", to: [1], at: $0.appending("d")) }
    #expect(lines == ["d: folder 755 0:0"])
  }

  @Test func aFolderThatIsMadeAgainHidesWhatWasThere() async throws {
    let lines = try await changes { folder in
      try Files.removeTree(folder.appending("d"))
      try Files.createDirectories(folder.appending("d").appending("e"))
    }
    #expect(lines == ["d: folder 755 0:0", "d: opaque", "d/e: folder 755 0:0"])
  }

  @Test func linksOfOneFileStayOne() async throws {
    let lines = try await changes { try await Tool.run("ln", [$0.appending("a").string, $0.appending("d/z").string]) }
    #expect(lines == ["a: file 644 0:0", "d: folder 755 0:0", "d/z: hard link /a"])
  }

  @Test func readingChangesNothing() async throws {
    #expect(try await changes { try await Tool.run("cat", [$0.appending("a").string]) }.isEmpty)
  }
}
