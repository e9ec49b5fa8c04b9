import Archive
import Testing

@Suite struct TreePathTests {
  @Test(arguments: [
    ("", ""), ("/", ""), (".", ""), ("./", ""), ("a", "a"), ("/a", "a"), ("//a//b/", "a/b"), ("./a/./b", "a/b"),
    ("a/../b", "b"), ("a/b/../../c", "c"), ("a/..", ""), ("...", "..."), ("a/.b/..c", "a/.b/..c"),
  ])
  func normalises(name: String, expected: String) throws {
    #expect(try #require(TreePath(name)).bytes == Array(expected.utf8))
  }

  @Test(arguments: ["..", "../a", "a/../../b", "/..", "./../a", "a\0b"])
  func refuses(name: String) {
    #expect(TreePath(name) == nil)
  }

  @Test func sortsLikeAWalk() {
    let sorted: [TreePath] = ["", "a", "a/b", "a/b/c", "a/z", "a-b", "a.b", "aa", "b"]
    #expect(sorted.reversed().sorted() == sorted)
  }

  @Test func takesPathsApart() {
    let path: TreePath = "usr/lib/x"
    #expect(path.parent == "usr/lib")
    #expect(Array(path.name) == Array("x".utf8))
    #expect(path.ancestors == ["", "usr", "usr/lib"])
    #expect(TreePath("a").parent == .root)
    #expect(TreePath.root.parent == nil)
    #expect(path.components.map { String(decoding: $0, as: UTF8.self) } == ["usr", "lib", "x"])
  }

  @Test(arguments: ["", ".", "..", "a/b", "a\0"])
  func appendsOnlyNames(name: String) {
    #expect(TreePath.root.appending(name: Array(name.utf8)) == nil)
  }

  @Test func knowsPrefixes() {
    let path: TreePath = "a/bc/d"
    #expect(path.hasPrefix("a/bc") && path.hasPrefix("") && path.hasPrefix(path))
    #expect(!path.hasPrefix("a/b"))
    #expect(path.removingPrefix("a") == "bc/d")
    #expect(path.removingPrefix(path) == .root)
    #expect(path.removingPrefix("b") == nil)
    #expect(TreePath("a").appending("bc/d") == path)
  }

  @Test func keepsAndShowsBytesThatAreNoText() throws {
    let path = try #require(TreePath([0x61, 0xff, 0x2f, 0x1b]))
    #expect(path.bytes == [0x61, 0xff, 0x2f, 0x1b])
    #expect(path.description == "/a\\xff/\\x1b")
    #expect(TreePath("é/ü").description == "/é/ü")
  }
}
