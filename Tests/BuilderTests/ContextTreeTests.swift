import Archive
import DockerfileSyntax
import HostOS
import TestSupport
import Testing

@testable import Builder

struct ContextTreeTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch("context")
    try scratch.write([
      "a.txt": "a", "run.sh": .file("#!/bin/sh\n", mode: 0o4755), "src/main.c": "m", "src/test/deep/t.c": "t",
      "build/out/app": "o", "build/keep": "k", "shell/only/this": "x", "shell/other": "y",
      "sticky": .directory(mode: 0o1777), "link": .symbolicLink("/src"), "pipe": .fifo,
    ])
  }

  @Test(arguments: [
    (
      [],
      [
        "a.txt", "build/keep", "build/out/app", "link", "pipe", "run.sh", "shell/only/this", "shell/other",
        "src/main.c", "src/test/deep/t.c", "sticky",
      ]
    ),
    (["*", "!src"], ["src/main.c", "src/test/deep/t.c"]),
    (["*", "!src", "src/test", "!src/test/deep"], ["src/main.c", "src/test/deep/t.c"]),
    (["*", "!src/test/deep/t.c"], ["src/test/deep/t.c"]),
    (["*", "!shell/only"], ["shell/only/this"]),
    (["**", "!**/*.c"], ["src/main.c", "src/test/deep/t.c"]),
    (["*", "!nothing/at/all"], []),
    (["*", "!build/nothing"], []),
    (["s*", "b*", "link", "pipe"], ["a.txt", "run.sh"]),
    (["*", "!sticky"], ["sticky"]),
    (["*/*", "*.*", "link", "pipe"], ["build", "shell", "src", "sticky"]),
  ])
  func showsWhatIsNotIgnored(_ patterns: [String], _ leaves: [String]) throws {
    #expect(try leavesShown(by: tree(ignoring: patterns)) == leaves)
  }

  @Test func excludedFoldersAreNotThereUnlessAnExceptionMatchesInThem() throws {
    let tree = try tree(ignoring: ["build", "!build/nothing", "shell", "!shell/only"])
    #expect(try tree.entry(at: .clamped("build")) == nil)
    #expect(try tree.entry(at: .clamped("build/keep")) == nil)
    #expect(try tree.entry(at: .clamped("shell"))?.isDirectory == true)
    #expect(try tree.names(in: .clamped("shell")) == [Array("only".utf8)])
  }

  @Test(arguments: [
    ("run.sh", "file 4755 0:0"), ("sticky", "folder 1777 0:0"), ("link", "link /src"), ("pipe", "special 644 0:0"),
    ("", "folder 755 0:0"),
  ])
  func filesBelongToRootAndKeepTheirModes(_ path: String, _ summary: String) throws {
    try Files.setOwner(scratch("run.sh"), uid: 12, gid: 34)
    try Files.setMode(scratch("run.sh"), 0o4755)
    #expect(try tree(ignoring: []).entry(at: .clamped(path))?.summary == summary)
  }

  @Test func linksDoNotLeaveTheContext() throws {
    let tree = try tree(ignoring: [])
    #expect(try tree.resolve(.clamped("link/main.c")).text == "src/main.c")
    #expect(try tree.contentSHA256(at: .clamped("src/main.c")) == SHA256Hasher.digest(of: "m".utf8))
  }

  /// Of so many files that all threads get some, and in the order that was asked for.
  @Test func manyFilesAreDigestedInOrder() throws {
    let numbers = (0..<1000).map { ($0 * 7) % 1000 }
    for number in numbers { try scratch.write(["many/\(number)": .file("content \(number)", mode: 0o644)]) }
    let digests = try tree(ignoring: []).contentSHA256s(at: numbers.map { .clamped("many/\($0)") })
    #expect(digests == numbers.map { SHA256Hasher.digest(of: "content \($0)".utf8) })
    let error = #expect(throws: HostError.self) {
      try tree(ignoring: []).contentSHA256s(at: [.clamped("many/1"), .clamped("many/nothing")])
    }
    #expect(error?.isMissing == true)
  }

  private func tree(ignoring patterns: [String]) throws -> ContextTree {
    let matcher = patterns.isEmpty ? nil : DockerIgnoreMatcher(try DockerIgnore(patterns: patterns))
    return ContextTree(root: scratch.path, ignore: matcher)
  }

  /// All that is shown but folders with something in them.
  private func leavesShown(by tree: ContextTree, in folder: TreePath = .root) throws -> [String] {
    try tree.names(in: folder).flatMap { name -> [String] in
      let path = try #require(folder.appending(name: name))
      let entry = try #require(try tree.entry(at: path))
      let inside = entry.isDirectory ? try leavesShown(by: tree, in: path) : []
      return inside.isEmpty ? [path.text] : inside
    }
  }
}
