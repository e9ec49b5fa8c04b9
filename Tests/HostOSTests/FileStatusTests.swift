import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct FileStatusTests {
  @Test func tellsKinds() throws {
    let scratch = try Scratch("status")
    try scratch.write([
      "file": .file("1234", mode: 0o640), "folder": .directory(mode: 0o1777), "link": .symbolicLink("file"),
      "fifo": .fifo,
    ])
    let file = try FileStatus(of: scratch("file"))
    #expect((file.kind, file.mode, file.size, file.linkCount) == (.file, 0o640, 4, 1))
    let folder = try FileStatus(of: scratch("folder"))
    #expect((folder.kind, folder.mode) == (.directory, 0o1777))
    #expect(try FileStatus(of: scratch("link")).kind == .symbolicLink)
    #expect(try FileStatus(following: scratch("link")) == file)
    #expect(try FileStatus(of: scratch("fifo")).kind == .fifo)
    let null = try FileStatus(of: "/dev/null")
    #expect((null.kind, null.deviceMajor, null.deviceMinor) == (.characterDevice, 1, 3))
    #expect(try Files.withDescriptor(scratch("file"), .readOnly) { try FileStatus(of: $0) } == file)
    #expect(try Files.withDescriptor(scratch.path, .readOnly) { try FileStatus(of: "file", relativeTo: $0) } == file)
  }

  @Test func tellsWhatStatTells() async throws {
    try await Scratch.use("status") { scratch in
      try scratch.write(["file": .file("12", mode: 0o4755)])
      try await Tool.run("touch", ["-d", "2001-02-03T04:05:06.123456789Z", scratch("file").string])
      let status = try FileStatus(of: scratch("file"))
      let said = try await Tool.output("stat", ["-c", "%a %u %g %s %d %i %.9Y %.9Z", scratch("file").string])
      let change = status.changeTime
      let fraction = String(1_000_000_000 + change.nanoseconds).dropFirst()
      #expect(
        said == "4755 \(status.uid) \(status.gid) 2 \(status.device) \(status.inode) 981173106.123456789 "
          + "\(change.seconds).\(fraction)")
      #expect(status.mode == 0o4755)
      #expect(status.modificationTime == Timestamp(seconds: 981_173_106, nanoseconds: 123_456_789))
    }
  }

  @Test func tellsWhatIsNotThere() throws {
    let scratch = try Scratch("status")
    try scratch.write(["file": "", "dangling": .symbolicLink("nowhere")])
    #expect(try FileStatus.ifExists(scratch("absent")) == nil)
    #expect(try FileStatus.ifExists(scratch("file/below")) == nil)
    #expect(try FileStatus.ifExists(scratch("dangling"))?.kind == .symbolicLink)
    #expect(throws: HostError.self) { try FileStatus(following: scratch("dangling")) }
    #expect(throws: HostError.self) { try FileStatus.ifExists(FilePath(String(repeating: "n", count: 300))) }
  }

  @Test func changesOwnersOfLinks() throws {
    guard getuid() == 0 else {
      #expect(throws: HostError.self) { try Files.setOwner("/", uid: 1, gid: 1) }
      return
    }
    let scratch = try Scratch("status")
    try scratch.write(["file": "", "link": .symbolicLink("file")])
    try Files.setOwner(scratch("link"), uid: 12, gid: 34)
    let link = try FileStatus(of: scratch("link"))
    #expect((link.uid, link.gid) == (12, 34))
    #expect(try FileStatus(of: scratch("file")).uid == 0)
  }
}
