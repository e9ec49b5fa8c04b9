import Archive
import HostOS
import SystemPackage
import Testing

@Suite struct ArchiveDetectorTests {
  @Test(arguments: [
    ("cat", CompressionFormat.none), ("gzip", .gzip), ("zstd", .zstd), ("xz", .xz), ("bzip2", .bzip2),
  ])
  func findsArchivesWhateverTheirName(program: String, format: CompressionFormat) async throws {
    let folder = try TemporaryDirectory()
    try await tool("sh", ["-c", "echo hi > hello && tar -c hello | \(program) > picture.jpg"], in: folder.path)
    let file = folder.path.appending("picture.jpg")
    #expect(try ArchiveDetector.compression(of: file) == format)
    #expect(try contents(of: Files.read(file), options: .archive).samples.map(\.content) == [Array("hi\n".utf8)])
  }

  @Test(arguments: [
    "printf '' > f", "echo text > f", "echo text | gzip > f", "echo text | xz > f", "echo text | zstd > f",
    "echo text | bzip2 > f", "head -c 100000 /dev/zero > f", "head -c 5000 /dev/zero | gzip > f",
    "printf 'BZh9 is how this text begins' > f", "printf '\\037\\213\\010 not gzip at all' > f",
    "head -c 40000 /bin/sh > f", "tar -c /bin/sh 2>/dev/null | gzip | head -c 12 > f", "echo x > g; ar rc f g",
    "python3 -c \"import zipfile; zipfile.ZipFile('f', 'w').writestr('a', 'b')\"",
  ])
  func whatOnlyLooksLikeAnArchiveIsNone(script: String) async throws {
    let folder = try TemporaryDirectory()
    try await tool("sh", ["-c", script], in: folder.path)
    #expect(try ArchiveDetector.compression(of: folder.path.appending("f")) == nil)
  }

  @Test func aRefusedEntryIsNoReasonToDoubt() async throws {
    let bytes = try await Python.tar(format: "PAX", "add('../evil')")
    #expect(try ArchiveDetector.compression(of: MemoryByteSource(bytes)) == CompressionFormat.none)
  }

  @Test func aMissingFileIsAnError() throws {
    let folder = try TemporaryDirectory()
    #expect(throws: HostError.self) { try ArchiveDetector.compression(of: folder.path.appending("none")) }
  }
}
