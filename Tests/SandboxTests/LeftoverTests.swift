import Glibc
import HostOS
import Sandbox
import SystemPackage
import Testing

/// What commands leave behind can be removed.
@Suite struct LeftoverTests {
  @Test func removesOverlayWorkFolders() async throws {
    let root = try BusyboxRoot()
    _ = try await root.shell("rm /data/file")
    #expect(try FileStatus(of: root.root.work.appending("work")).mode & 0o777 == 0)
    try Files.removeTree(root.root.work)
    #expect(try FileStatus.ifExists(root.root.work) == nil)
  }

  /// A command can make folders deeper than a path can be long, and than there are descriptors.
  @Test func removesFoldersOfAnyDepth() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "cd /tmp; n=$(printf %100s | tr ' ' d); i=0; while [ $i -lt 200 ]; do mkdir $n; cd $n; i=$((i+1)); done; echo made"
    )
    #expect(run.output.hasSuffix("made\n"))
    try Files.removeTree(root.upper)
    #expect(try FileStatus.ifExists(root.upper) == nil)
  }
}
