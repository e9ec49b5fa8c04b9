import Archive
import Diagnostics
import TestSupport
import Testing

@testable import Builder

struct PathResolutionTests {
  private let tree = SampleLayers.tree([
    [
      .folder("real"), .folder("real/sub"), .file("real/sub/f"), .link("absolute", "/real"), .link("relative", "real"),
      .link("real/up", "../real/sub"), .link("climbing", "../../../real/sub"), .link("chain", "absolute/sub"),
      .link("file", "real/sub/f"), .link("dangling", "nowhere/at/all"), .link("root", "/"),
      .link("dot", "./real/./sub"),
      .link("real/sub/parent", ".."), .link("slashes", "//real//sub/"), .link("empty", ""),
    ]
  ])

  @Test(arguments: [
    ("real/sub/f", "real/sub/f"), ("absolute/sub/f", "real/sub/f"), ("relative/sub", "real/sub"),
    ("real/up/f", "real/sub/f"), ("climbing/f", "real/sub/f"), ("chain/f", "real/sub/f"), ("file", "real/sub/f"),
    ("dangling", "nowhere/at/all"), ("dangling/x", "nowhere/at/all/x"), ("root/real", "real"), ("dot/f", "real/sub/f"),
    ("real/sub/parent/sub", "real/sub"), ("slashes", "real/sub"), ("new/deep", "new/deep"), ("file/x", "real/sub/f/x"),
    ("empty/real", "real"), ("", ""),
  ])
  func followsLinks(_ path: String, _ resolved: String) throws {
    #expect(try tree.resolve(.clamped(path)).text == resolved)
  }

  @Test(arguments: [("absolute/up", "real/up"), ("file", "file"), ("chain/f", "real/sub/f"), ("", "")])
  func keepsTheLastLinkWhenTheParentIsResolved(_ path: String, _ resolved: String) throws {
    #expect(try tree.resolveParent(.clamped(path)).text == resolved)
  }

  @Test(arguments: [
    [LayerIndex.Item.link("a", "a")], [.link("a", "b"), .link("b", "a")], [.link("a", "a/b")],
    [.folder("d"), .link("d/a", "../a"), .link("a", "d/a")],
  ])
  func findsLoops(_ layer: [LayerIndex.Item]) {
    let loop = SampleLayers.tree([layer])
    let error = #expect(throws: BuilderError.self) { try loop.resolve(.clamped("a")) }
    #expect(error?.diagnostics.first?.code == "symbolic-link-loop")
  }

  @Test(arguments: [
    ("../../a", "a"), ("/a/../../b", "b"), ("a/./b//c/", "a/b/c"), ("..", ""), ("/", ""), ("a/..", ""),
  ])
  func pathsStayInside(_ text: String, _ path: String) {
    #expect(TreePath.clamped(text).text == path)
  }
}
