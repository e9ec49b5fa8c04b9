@testable import BuildPlanning
import Testing

@Suite struct ImagePathTests {
  @Test(arguments: [
    ("a", "/w", "/w/a"), ("/a", "/w", "/a"), ("../a", "/w/x", "/w/a"), ("../../../a", "/w", "/a"), (".", "/w", "/w"),
    ("", "/w", "/w"), ("a/", "/w", "/w/a"), ("a//b/./c", "", "/a/b/c"), ("/", "/w", "/"), ("a", "/", "/a"),
  ])
  func resolves(_ path: String, _ folder: String, _ result: String) {
    #expect(ImagePath.resolve(path, in: folder) == result)
  }

  @Test(arguments: [
    ("a/", "/w/a/"), ("a", "/w/a"), (".", "/w/"), ("./", "/w/"), ("", "/w/"), ("/", "/"), ("/a/.", "/a/"), ("..", "/"),
    ("/a/../", "/"),
  ])
  func keepsTheSlashAtTheEnd(_ path: String, _ result: String) {
    #expect(ImagePath.resolve(path, in: "/w", keepsSlash: true) == result)
  }
}
