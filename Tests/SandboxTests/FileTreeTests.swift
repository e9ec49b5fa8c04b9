import Glibc
import HostOS
import Sandbox
import SystemPackage
import Testing

@Suite struct FileTreeTests {
  @Test func removesOverlayWorkFolders() async throws {
    let root = try BusyboxRoot()
    _ = try await root.shell("rm /data/file")
    #expect(try FileStatus(of: root.root.work.appending("work")).mode & 0o777 == 0)
    try FileTree.remove(root.root.work)
    #expect(try FileStatus.ifExists(root.root.work) == nil)
  }

  @Test func doesNotFollowSymbolicLinks() throws {
    let directory = try TemporaryDirectory()
    let tree = directory.path.appending("tree")
    let other = directory.path.appending("other")
    for folder in [tree, other] { try Files.createDirectories(folder) }
    try Files.writeAtomically([1], to: other.appending("kept"))
    #expect(symlink(other.string, tree.appending("link").string) == 0)
    try FileTree.remove(tree)
    #expect(try FileStatus.ifExists(tree) == nil)
    #expect(try Files.read(other.appending("kept")) == [1])
  }

  /// A command can make folders deeper than a path can be long, and than there are descriptors.
  @Test func removesFoldersOfAnyDepth() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "cd /tmp; n=$(printf %100s | tr ' ' d); i=0; while [ $i -lt 200 ]; do mkdir $n; cd $n; i=$((i+1)); done; echo made"
    )
    #expect(run.output.hasSuffix("made\n"))
    try FileTree.remove(root.upper)
    #expect(try FileStatus.ifExists(root.upper) == nil)
  }

  @Test func aMissingTreeOrASingleFileIsFine() throws {
    let directory = try TemporaryDirectory()
    let file = directory.path.appending("file")
    try Files.writeAtomically([1], to: file)
    try FileTree.remove(file)
    try FileTree.remove(file)
    #expect(try FileStatus.ifExists(file) == nil)
  }
}
