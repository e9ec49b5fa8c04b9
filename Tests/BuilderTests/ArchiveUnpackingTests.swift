import Archive
import BuildPlanning
import Diagnostics
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// ADD of archives that real tools made.
struct ArchiveUnpackingTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch("archive")
    try scratch.write([
      "t/d/f": .file("one", mode: 0o4640), "t/d/sub/g": "two", "t/d/soft": .symbolicLink("f"),
      "t/d/dangling": .symbolicLink("/nowhere"), "t/d/empty": .directory(mode: 0o2750), "t/d/pipe": .fifo,
    ])
  }

  private static let unpacked = [
    "x: folder 755 0:0", "x/d: folder 755 12:34", "x/d/dangling: link /nowhere", "x/d/empty: folder 2750 12:34",
    "x/d/f: file 4640 12:34", "x/d/pipe: special 644 12:34", "x/d/soft: link f", "x/d/sub: folder 755 12:34",
    "x/d/sub/g: file 644 12:34",
  ]

  @Test(arguments: [[], ["--gzip"], ["--bzip2"], ["--xz"], ["--zstd"]])
  func unpacksByContent(_ compression: [String]) async throws {
    let archive = try await tar(["d"], compression)
    #expect(try unpack(archive) == Self.unpacked)
  }

  @Test func contentsComeThrough() async throws {
    let archive = try await tar(["d"], ["--gzip"])
    var layer = PendingLayer(on: SampleLayers.tree([]), now: Timestamp(seconds: 1))
    let spool = try SpoolFile(in: scratch.path)
    var unpacking = ArchiveUnpacking(action: CopyBench.action("/a", "/x"), owner: nil, spool: spool, end: 0)
    #expect(try unpacking.unpack(archive, into: &layer))
    for (path, text) in [("x/d/f", "one"), ("x/d/sub/g", "two")] {
      guard case .spooled(_, let offset, let size) = try layer.content(at: .clamped(path)) else {
        Issue.record("\(path) is not spooled")
        continue
      }
      #expect(try spool.read(offset: offset, size: Int(size)) == Array(text.utf8))
    }
  }

  @Test func whatOnlyLooksLikeAnArchiveIsNone() async throws {
    try scratch.write(["text.tar": "ustar", "empty.tar": "", "text": .file(String(repeating: "text ", count: 400))])
    try await Tool.run("gzip", ["-k", scratch("text").string])
    try Files.rename(scratch("text.gz"), to: scratch("text.tar.gz"))
    let zeros = scratch("zeros.tar")
    try Files.writeAtomically([UInt8](repeating: 0, count: 10_240), to: zeros)
    for file in ["text.tar", "empty.tar", "text", "text.tar.gz", "zeros.tar"] {
      #expect(try unpack(scratch(file)) == nil, "\(file)")
    }
  }

  @Test func hardLinksStayNamesOfOneFile() async throws {
    try await Tool.run("ln", [scratch("t/d/f").string, scratch("t/d/hard").string])
    let archive = try await tar(["d/f", "d/hard"])
    #expect(
      try unpack(archive) == [
        "x: folder 755 0:0", "x/d: folder 755 0:0", "x/d/f: file 4640 12:34", "x/d/hard: hard link /x/d/f",
      ])
  }

  @Test func aHardLinkToNothingIsRefused() async throws {
    try await Tool.run("ln", [scratch("t/d/f").string, scratch("t/d/hard").string])
    let archive = try await tar(["--transform=s,^d/f$,other,RSh", "d/f", "d/hard"])
    let error = #expect(throws: BuilderError.self) { try unpack(archive) }
    #expect(error?.diagnostics.first?.code == "invalid-archive")
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var image: [LayerIndex.Item]
    var lines: [String]
  }

  @Test(arguments: [
    Case(
      testDescription: "folders merge and get the attributes of the archive",
      image: [.folder("x", mode: 0o700), .folder("x/d", mode: 0o700), .folder("x/d/sub"), .file("x/d/sub/keep")],
      lines: ["x: folder 700 0:0", "x/d: folder 755 12:34", "x/d/sub: folder 755 12:34", "x/d/sub/g: file 644 12:34"]),
    Case(
      testDescription: "a link is replaced by a folder", image: [.folder("x"), .link("x/d", "/e"), .folder("e")],
      lines: ["x: folder 755 0:0", "x/d: folder 755 12:34", "x/d/sub: folder 755 12:34", "x/d/sub/g: file 644 12:34"]),
    Case(
      testDescription: "a file is replaced by a folder", image: [.folder("x"), .folder("x/d"), .file("x/d/sub")],
      lines: ["x: folder 755 0:0", "x/d: folder 755 12:34", "x/d/sub: folder 755 12:34", "x/d/sub/g: file 644 12:34"]),
    Case(
      testDescription: "a folder is replaced by a file",
      image: [.folder("x"), .folder("x/d"), .folder("x/d/sub"), .folder("x/d/sub/g"), .file("x/d/sub/g/in")],
      lines: ["x: folder 755 0:0", "x/d: folder 755 12:34", "x/d/sub: folder 755 12:34", "x/d/sub/g: file 644 12:34"]),
    Case(
      testDescription: "the destination's links are followed", image: [.link("x", "real"), .folder("real")],
      lines: [
        "real: folder 755 0:0", "real/d: folder 755 12:34", "real/d/sub: folder 755 12:34",
        "real/d/sub/g: file 644 12:34",
      ]),
  ])
  func entriesGoOverWhatIsThere(_ example: Case) async throws {
    let archive = try await tar(["--exclude=[fpe]*", "--exclude=soft", "--exclude=dangling", "d"])
    #expect(try unpack(archive, onto: example.image) == example.lines)
  }

  @Test(arguments: [("/real", "x/real"), ("../../real", "x/real"), ("real", "x/real"), ("/new", "x/new")])
  func linksOnTheWayTakeTheDestinationForTheRoot(_ target: String, _ place: String) async throws {
    let archive = try await tar(["d/sub/g"])
    let image: [LayerIndex.Item] = [.folder("x"), .link("x/d", target), .folder("x/real"), .folder("real")]
    let lines = try #require(try unpack(archive, onto: image))
    #expect(lines.contains("\(place)/sub/g: file 644 12:34"))
    #expect(!lines.contains { $0.hasPrefix("real") })
  }

  @Test func ownerIsForTheDestinationAndForWhatIsInside() async throws {
    let archive = try await tar(["d/f"])
    #expect(
      try unpack(archive, owner: FileOwner(uid: 5, gid: 6)) == [
        "x: folder 755 5:6", "x/d: folder 755 0:0", "x/d/f: file 4640 5:6",
      ])
  }

  private func tar(_ what: [String], _ compression: [String] = []) async throws -> FilePath {
    let archive = scratch("archive-\(Files.uniqueName())")
    try await Tool.run(
      "tar",
      ["-C", scratch("t").string, "--owner=12", "--group=34", "--sort=name"] + compression
        + ["-cf", archive.string] + what)
    return archive
  }

  /// Nil when the file is no archive.
  private func unpack(
    _ archive: FilePath, onto image: [LayerIndex.Item] = [], owner: FileOwner? = nil
  ) throws -> [String]? {
    var layer = PendingLayer(on: SampleLayers.tree([image]), now: Timestamp(seconds: 1))
    var unpacking = ArchiveUnpacking(
      action: CopyBench.action("/archive", "/x"), owner: owner, spool: try SpoolFile(in: scratch.path), end: 0)
    guard try unpacking.unpack(archive, into: &layer) else {
      #expect(layer.items.isEmpty)
      return nil
    }
    return layer.lines
  }
}
