import Archive
import HostOS
import OCI
public import SystemPackage

/// The files of an image, without the image.
extension ImageExporter {
  /// Writes the file tree as a tar file.
  public func writeTree(of image: BuiltImage, to target: ExportTarget) async throws {
    let tree = try await tree(of: image)
    let store = store
    try await Blocking.run { try target.write { try Self.write(tree, of: store, to: $0) } }
  }

  /// Writes the files of the image into a folder of the host, over what is there; nothing there is deleted. Owners are
  /// restored where that is permitted.
  public func writeFiles(of image: BuiltImage, to folder: FilePath) async throws {
    let tree = try await tree(of: image)
    let store = store
    try await Blocking.run {
      try Files.createDirectories(folder)
      let work = try store.makeWorkFolder()
      defer { try? Files.removeTree(work) }
      // Layer by layer, deletions of the image would delete files that were in the folder before.
      let merged = work.appending("tree.tar")
      try ExportTarget.file(merged).write { try Self.write(tree, of: store, to: $0) }
      let extractor = LayerExtractor(into: folder, options: .init(mode: .plain, ownership: .restoreWherePermitted))
      _ = try Files.withDescriptor(merged, .readOnly) { try extractor.extract(FileByteSource($0, path: merged)) }
    }
  }

  private func tree(of image: BuiltImage) async throws -> StackTree {
    try await fetchLayers(of: image)
    let trees = LayerTrees(store: store, fetcher: LayerFetcher(store: store, progress: progress))
    return try await trees.tree(of: LayerStack(image.layers), name: "the image")
  }

  private static func write(_ tree: StackTree, of store: BuildStore, to sink: any ByteSink) throws {
    let work = try store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    var items: [PendingLayer.Item] = []
    try tree.walk { entry in items.append(.init(entry: entry, content: try tree.content(at: entry.path))) }
    var spooler = ContentSpooler(store: store, spool: try SpoolFile(in: work), end: 0)
    let writer = try LayerWriter(to: sink, options: .init(compression: .none))
    for item in try spooler.resolve(items) { try writer.append(item) }
    _ = try writer.finish()
  }
}
