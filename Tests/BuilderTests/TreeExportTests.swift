import Archive
import Diagnostics
import HostOS
import Images
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Builder

struct TreeExportTests {
  private static let dockerfile = """
    FROM base
    COPY d /d
    RUN echo new >/d/sub && chmod 4711 /d/sub && ln /d/sub /d/hard && rm -r /d/gone /var /usr
    """
  private let bench: BuildBench
  private let exporter: ImageExporter

  init() throws {
    bench = try BuildBench()
    exporter = ImageExporter(store: bench.store, progress: .silent)
    try bench.scratch.write(["d/gone": "g", "d/kept": "k", "d/link": .symbolicLink("/kept")], in: "context")
  }

  @Test func tarHoldsTheMergedFiles() async throws {
    let product = try await bench.build(Self.dockerfile).product
    let tar = bench.scratch("tree.tar")
    try await exporter.writeTree(of: product, to: .file(tar))
    let names = try await Tool.output("tar", ["-tf", tar.string]).split(separator: "\n").map(String.init)
    #expect(names.filter { $0.hasPrefix("d") } == ["d/", "d/hard", "d/kept", "d/link", "d/sub", "dev/"])
    #expect(!names.contains { $0.contains(".wh.") || $0.hasPrefix("usr") })
  }

  @Test func folderKeepsWhatIsThere() async throws {
    let product = try await bench.build(Self.dockerfile).product
    let folder = bench.scratch("out")
    try bench.scratch.write(["d/gone": "mine", "d/kept": "replaced", "etc/mine": "mine"], in: "out")
    try await exporter.writeFiles(of: product, to: folder)
    func text(_ path: String) throws -> String {
      String(decoding: try Files.read(folder.pushing(FilePath(path))), as: UTF8.self)
    }
    #expect(try text("d/gone") == "mine")
    #expect(try text("etc/mine") == "mine")
    #expect(try text("d/kept") == "k")
    #expect(try text("d/sub") == "new\n")
    #expect(try FileStatus(of: folder.appending("d").appending("sub")).mode == 0o4711)
    #expect(try Files.symbolicLinkTarget(folder.appending("d").appending("link")).string == "/kept")
    #expect(try FileStatus.ifExists(folder.appending("usr")) == nil)
  }

  @Test func contentComesFromBlobsWhenNothingIsUnpacked() async throws {
    let product = try await bench.build(Self.dockerfile).product
    let (first, second) = (bench.scratch("first.tar"), bench.scratch("second.tar"))
    try await exporter.writeTree(of: product, to: .file(first))
    try Files.removeTree(bench.store.root.appending("snapshots"))
    try await exporter.writeTree(of: product, to: .file(second))
    #expect(try Files.read(first) == Files.read(second))
    #expect(try Files.names(in: bench.store.root.appending("work")).isEmpty)
  }
}
