import Archive
import BuildPlanning
import Diagnostics
import TestSupport
import Testing

@testable import Builder

struct SourceSelectionTests {
  private let tree = SampleLayers.tree([
    [
      .file("a.txt"), .file("b.txt"), .file("odd[1].txt"), .folder("dir"), .file("dir/one.txt"), .folder("dir/sub"),
      .file("dir/sub/two.txt"), .folder("dir/sub/deep"), .file("dir/sub/deep/three.md"), .folder("empty"),
      .link("linked", "dir/sub"), .link("linked.txt", "a.txt"), .link("dangling", "nowhere"),
      .link("dir/inner", "one.txt"),
    ]
  ])

  @Test(arguments: [
    ("/a.txt", ["a.txt"]),
    ("/dir/sub", ["sub", "sub/deep", "sub/deep/three.md", "sub/two.txt"]),
    ("/linked.txt", ["linked.txt"]),
    ("/linked", ["linked", "linked/deep", "linked/deep/three.md", "linked/two.txt"]),
    ("/linked/two.txt", ["two.txt"]),
    ("/../../a.txt", ["a.txt"]),
    ("/dir/../b.txt", ["b.txt"]),
    ("/*.txt", ["a.txt", "b.txt", "linked.txt", "odd[1].txt"]),
    ("/?.txt", ["a.txt", "b.txt"]),
    ("/[^b].txt", ["a.txt"]),
    ("/odd[[]1].txt", ["odd[1].txt"]),
    (#"/odd\[1].txt"#, ["odd[1].txt"]),
    ("/d*/*.txt", ["one.txt"]),
    ("/*/sub", ["sub", "sub/deep", "sub/deep/three.md", "sub/two.txt"]),
    ("/linked/*.txt", ["two.txt"]),
    ("/link*/two.txt", []),
    ("/../d*/./one.txt", ["one.txt"]),
    ("/empt[xy]", ["empty"]),
    ("/nothing*", []),
    ("/nothing*/x", []),
  ])
  func findsSources(_ pattern: String, _ names: [String]) throws {
    #expect(try copiedNames(of: CopyBench.action(pattern, "/x/")) == names)
  }

  @Test(arguments: [
    (["*.txt"], ["dir", "dir/inner", "dir/sub", "dir/sub/deep", "dir/sub/deep/three.md", "dir/sub/two.txt"]),
    (["**/*.txt"], ["dir", "dir/inner", "dir/sub", "dir/sub/deep", "dir/sub/deep/three.md"]),
    (["sub"], ["dir", "dir/inner", "dir/one.txt"]),
    (["sub", "!sub/deep"], ["dir", "dir/inner", "dir/one.txt", "dir/sub", "dir/sub/deep", "dir/sub/deep/three.md"]),
    (["*", "!sub/nothing"], ["dir"]),
    (
      ["dir"],
      ["dir", "dir/inner", "dir/one.txt", "dir/sub", "dir/sub/deep", "dir/sub/deep/three.md", "dir/sub/two.txt"]
    ),
  ])
  func excludesAreRelativeToTheSource(_ excludes: [String], _ names: [String]) throws {
    #expect(try copiedNames(of: CopyBench.action("/dir", "/x/", excludes: excludes)) == names)
  }

  @Test(arguments: [
    ("dir/sub/two.txt", ["dir", "dir/sub", "dir/sub/two.txt"]),
    ("/dir/sub/two.txt", ["dir", "dir/sub", "dir/sub/two.txt"]),
    ("dir/./sub/two.txt", ["sub", "sub/two.txt"]),
    ("./dir/sub/deep", ["dir", "dir/sub", "dir/sub/deep", "dir/sub/deep/three.md"]),
    ("dir/**/*.md", ["dir", "dir/sub", "dir/sub/deep", "dir/sub/deep/three.md"]),
    ("dir/./**/*.md", ["sub", "sub/deep", "sub/deep/three.md"]),
    ("*.txt", ["a.txt", "b.txt", "linked.txt", "odd[1].txt"]),
    ("dir/./", ["inner", "one.txt", "sub", "sub/deep", "sub/deep/three.md", "sub/two.txt"]),
  ])
  func parentsAreKept(_ pattern: String, _ paths: [String]) throws {
    let selection = try SourceSelection(of: CopyBench.action(pattern, "/x/", keepsParents: true), in: tree)
    let nodes = selection.matches.flatMap(\.nodes)
    #expect(nodes.first?.relative.isRoot == true)
    #expect(nodes.dropFirst().map(\.relative.text) == paths)
  }

  @Test(arguments: [
    ("/a.text", false, "did you mean a.txt?"), ("/dir/sbu", false, "did you mean dir/sub?"), ("/dangling", false, nil),
    ("/none/*", false, nil), ("/a.txt/*", false, nil), ("/dang*", false, nil), ("/a.txt/x", false, nil),
    ("/none/x", false, nil), ("dir/none", true, nil), ("none/./x", true, nil),
  ])
  func saysWhatIsMissing(_ pattern: String, keepsParents: Bool, _ hint: String?) throws {
    let action = CopyBench.action(pattern, "/x/", keepsParents: keepsParents)
    let error = #expect(throws: BuilderError.self) { try SourceSelection(of: action, in: tree) }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == "copy-source-missing")
    #expect(diagnostic.message.contains(pattern))
    if let hint { #expect(diagnostic.help.contains(hint)) }
  }

  private func copiedNames(of action: CopyAction) throws -> [String] {
    try SourceSelection(of: action, in: tree).matches.flatMap { match in
      match.nodes.map { node in
        let name = TreePath.clamped(String(decoding: match.path.name, as: UTF8.self))
        return name.appending(node.relative).text
      }
    }
  }
}
