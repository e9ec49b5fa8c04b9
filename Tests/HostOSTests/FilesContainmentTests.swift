import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct FilesContainmentTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch("containment")
    try scratch.write([
      "root/a/b": "", "root/inner": .symbolicLink("a"), "root/up": .symbolicLink(".."),
      "root/absolute": .symbolicLink("/etc"), "root/loop": .symbolicLink("loop"),
      "root/back": .symbolicLink("../root/a"),
      "rootless/c": "",
    ])
  }

  @Test(
    "paths below a folder",
    arguments: [
      ("a/b", "a/b"), ("/a/b", "a/b"), ("a/../a/./b", "a/b"), ("inner/b", "a/b"), ("back", "a"), ("", ""), (".", ""),
      ("/", ""), ("..", nil), ("up", nil), ("up/rootless", nil), ("up/root/a", "a"), ("absolute", nil),
      ("absolute/passwd", nil), ("loop", nil), ("a/c", nil), ("a/b/c", nil), ("a\0b", nil),
    ] as [(String, String?)])
  func resolves(path: String, expected: String?) throws {
    let found = try Files.resolve(path, inside: scratch("root"))
    #expect(found == expected.map { $0.isEmpty ? scratch("root") : scratch("root").pushing(FilePath($0)) })
  }

  @Test func needsTheFolder() {
    #expect(throws: HostError.self) { try Files.resolve("a", inside: scratch("none")) }
  }
}
