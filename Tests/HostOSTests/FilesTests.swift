import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct FilesTests {
  // MARK: Reading and writing

  @Test func writesAndReads() throws {
    let scratch = try Scratch("files")
    let path = scratch("file")
    try Files.writeAtomically([1, 2, 3], to: path)
    try Files.writeAtomically([4], to: path, permissions: FilePermissions(rawValue: 0o600))
    #expect(try Files.read(path) == [4])
    #expect(try FileStatus(of: path).mode == 0o600)
    #expect(try Files.names(in: scratch.path).map(\.string) == ["file"])
  }

  @Test func refusesToReadMoreThanTheLimit() throws {
    let scratch = try Scratch("files")
    let path = scratch("file")
    try Files.writeAtomically(Array(repeating: 0, count: 10), to: path)
    #expect(try Files.read(path, limit: 10).count == 10)
    let error = #expect(throws: HostError.self) { try Files.read(path, limit: 9) }
    #expect(error?.errno == .fileTooLarge)
  }

  @Test func saysWhatIsMissing() throws {
    let scratch = try Scratch("files")
    let error = #expect(throws: HostError.self) { try Files.read(scratch("absent")) }
    #expect(error?.isMissing == true)
    let path = scratch("absent")
    #expect("\(try #require(error))" == "error[file-not-found]: cannot open \(path): no such file or directory\n")
  }

  @Test(arguments: ["file", "\u{E4}\u{1F600}", String(repeating: "n", count: 255)])
  func leavesNothingBehindOnFailure(_ name: String) throws {
    let scratch = try Scratch("files")
    let path = scratch.path.appending(name)
    // A folder cannot be replaced by a file.
    try Files.createDirectories(path)
    let error = #expect(throws: HostError.self) { try Files.writeAtomically([1], to: path) }
    #expect(error?.errno == .isDirectory)
    #expect(try Files.names(in: scratch.path).map(\.string) == [name])
  }

  @Test func writesNamesThatAreNotText() throws {
    let scratch = try Scratch("files")
    let path = FilePath(bytes: scratch.path.bytes + Array("/".utf8) + [0xFF, 0xFE])
    try Files.writeAtomically([1], to: path)
    #expect(try Files.read(path) == [1])
    try Files.removeTree(path)
    try Files.createDirectories(path)
    #expect(throws: HostError.self) { try Files.writeAtomically([1], to: path) }
    #expect(try Files.names(in: scratch.path).map(\.bytes) == [[0xFF, 0xFE]])
  }

  /// Readers see one of the contents whole, whatever the moment.
  @Test func showsNoHalves() async throws {
    try await Scratch.use("files") { scratch in
      let path = scratch("file")
      let contents = (0..<4).map { Array(repeating: UInt8($0), count: 100_000 + Int($0)) }
      try Files.writeAtomically(contents[0], to: path)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<2 {
          group.addTask {
            for round in 0..<20 {
              let content = contents[(writer + round) % 4]
              try await Blocking.run { try Files.writeAtomically(content, to: path) }
            }
          }
        }
        for _ in 0..<2 {
          group.addTask {
            for _ in 0..<100 {
              let seen = try await Blocking.run { try Files.read(path) }
              #expect(contents.contains(seen))
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try Files.names(in: scratch.path).count == 1)
    }
  }

  // MARK: Folders

  @Test func createsParents() throws {
    let scratch = try Scratch("files")
    try Files.createDirectories(scratch("a/b/c"))
    try Files.createDirectories(scratch("a/b/c"))
    #expect(try FileStatus(of: scratch("a/b/c")).kind == .directory)
    try scratch.write(["file": "", "link": .symbolicLink("a")])
    try Files.createDirectories(scratch("link/d"))
    #expect(try FileStatus(of: scratch("a/d")).kind == .directory)
    #expect(throws: HostError.self) { try Files.createDirectories(scratch("file")) }
    #expect(throws: HostError.self) { try Files.createDirectories(scratch("file/below")) }
    #expect(throws: HostError.self) { try Files.createDirectories("") }
  }

  @Test func createsTheSameFoldersFromManyTasks() async throws {
    try await Scratch.use("files") { scratch in
      let path = scratch("a/b/c/d/e/f")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<32 { group.addTask { try await Blocking.run { try Files.createDirectories(path) } } }
        try await group.waitForAll()
      }
      #expect(try FileStatus(of: path).kind == .directory)
    }
  }

  @Test func sortsNamesByBytes() throws {
    let scratch = try Scratch("files")
    for name in ["b", "B", "a", "\u{E4}", ".hidden", "a b"] { try scratch.write([name: ""]) }
    #expect(try Files.names(in: scratch.path).map(\.string) == [".hidden", "B", "a", "a b", "b", "\u{E4}"])
  }

  // MARK: Renaming and links

  @Test func renamesUnlessThereIsOne() throws {
    let scratch = try Scratch("files")
    try scratch.write(["a": "a", "b": "b"])
    #expect(try Files.renameUnlessExists(scratch("a"), to: scratch("b")) == false)
    #expect(try Files.read(scratch("b")) == Array("b".utf8))
    #expect(try Files.renameUnlessExists(scratch("a"), to: scratch("c")))
    #expect(try FileStatus.ifExists(scratch("a")) == nil)
    #expect(throws: HostError.self) { try Files.renameUnlessExists(scratch("absent"), to: scratch("d")) }
  }

  @Test func readsLinks() throws {
    let scratch = try Scratch("files")
    let target = String(repeating: "t/", count: 2000) + "end"
    try scratch.write(["link": .symbolicLink(target), "file": ""])
    #expect(try Files.symbolicLinkTarget(scratch("link")).string == target)
    #expect(throws: HostError.self) { try Files.symbolicLinkTarget(scratch("file")) }
  }

  @Test func namesAreUnique() {
    #expect(Set((0..<1000).map { _ in Files.uniqueName() }).count == 1000)
  }
}
