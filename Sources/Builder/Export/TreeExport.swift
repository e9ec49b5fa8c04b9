import Archive
import HostOS
import OCI
public import SystemPackage

/// The files of an image, without the image.
extension ImageExporter {
  /// Writes the file tree as a tar file.
  public func writeTree(of image: BuiltImage, to target: ExportTarget) async throws {
    try await fetchLayers(of: image)
    let stack = LayerStack(image.layers)
    let trees = LayerTrees(store: store, fetcher: LayerFetcher(store: store, progress: progress))
    let tree = try await trees.tree(of: stack, name: "the image")
    let store = store
    try await Blocking.run {
      let work = try store.makeWorkFolder()
      defer { try? Files.removeTree(work) }
      var items: [PendingLayer.Item] = []
      try tree.walk { entry in items.append(.init(entry: entry, content: try tree.content(at: entry.path))) }
      var spooler = ContentSpooler(store: store, spool: try SpoolFile(in: work), end: 0)
      let resolved = try spooler.resolve(items)
      try target.write { sink in
        let writer = try LayerWriter(to: sink, options: .init(compression: .none))
        for item in resolved { try writer.append(item) }
        _ = try writer.finish()
      }
    }
  }

  /// Writes the files of the image into a folder of the host, over what is there. Owners are restored where that is
  /// permitted.
  public func writeFiles(of image: BuiltImage, to folder: FilePath) async throws {
    try await fetchLayers(of: image)
    let store = store
    try await Blocking.run {
      try Files.createDirectories(folder)
      for layer in image.layers {
        let path = store.content.path(of: layer.descriptor.digest)
        let extractor = LayerExtractor(
          into: folder,
          options: .init(
            mode: .plain, ownership: .restoreWherePermitted, reading: .init(expectation: layer.expectation)))
        _ = try Files.withDescriptor(path, .readOnly) { try extractor.extract(FileByteSource($0, path: path)) }
      }
    }
  }
}
