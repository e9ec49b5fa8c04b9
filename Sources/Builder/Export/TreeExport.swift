import Archive
import HostOS
public import Images
import OCI
public import SystemPackage

/// The files of images, without the images. Those of several lie in folders named for their platforms, as BuildKit has
/// them: `linux_arm64/`.
extension ImageExporter {
  /// Writes the file trees as a tar file.
  public func writeTree(of product: BuildProduct, to target: ExportTarget) async throws {
    let trees = try await trees(of: product)
    let store = store
    try await Blocking.run { try target.write { try Self.write(trees, of: store, to: $0) } }
  }

  /// Writes the files into a folder of the host, over what is there; nothing there is deleted. Owners are restored
  /// where that is permitted.
  public func writeFiles(of product: BuildProduct, to folder: FilePath) async throws {
    let trees = try await trees(of: product)
    let store = store
    try await Blocking.run {
      try Files.createDirectories(folder)
      let work = try store.makeWorkFolder()
      defer { try? Files.removeTree(work) }
      // Layer by layer, deletions of the image would delete files that were in the folder before.
      let merged = work.appending("tree.tar")
      try ExportTarget.file(merged).write { try Self.write(trees, of: store, to: $0) }
      let extractor = LayerExtractor(into: folder, options: .init(mode: .plain, ownership: .restoreWherePermitted))
      _ = try Files.withDescriptor(merged, .readOnly) { try extractor.extract(FileByteSource($0, path: merged)) }
    }
  }

  /// The tree of an image, and the folder that it is to lie in.
  private struct PlacedTree: Sendable {
    var tree: StackTree
    var folder: TreePath
  }

  private func trees(of product: BuildProduct) async throws -> [PlacedTree] {
    try await fetchLayers(of: product.images)
    let trees = LayerTrees(store: store, fetcher: LayerFetcher(store: store, progress: progress))
    var placed: [PlacedTree] = []
    for image in product.images {
      let name = image.platform.description.split(separator: "/").joined(separator: "_")
      let folder = product.onlyImage == nil ? TreePath(name) : nil
      let tree = try await trees.tree(of: LayerStack(image.layers), .names, name: "the image")
      placed.append(PlacedTree(tree: tree, folder: folder ?? .root))
    }
    return placed
  }

  private static func write(_ trees: [PlacedTree], of store: BuildStore, to sink: any ByteSink) throws {
    let work = try store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    var spooler = ContentSpooler(store: store, spool: try SpoolFile(in: work), end: 0)
    let writer = try LayerWriter(to: sink, options: .init(compression: .none))
    for placed in trees {
      if !placed.folder.isRoot {
        try writer.append(
          TreeEntry(path: placed.folder, kind: .directory, mode: 0o755, modificationTime: Timestamp(seconds: 0)),
          content: [])
      }
      var items: [PendingLayer.Item] = []
      var linked: [FileIdentity: TreePath] = [:]
      try placed.tree.walk { entry in
        var item = PendingLayer.Item(entry: entry, content: try placed.tree.content(at: entry.path))
        if let identity = try placed.tree.identity(at: entry.path) {
          if let original = linked[identity] {
            item.entry.kind = .hardLink(to: placed.folder.appending(original))
            item.content = .bytes([])
          } else {
            linked[identity] = entry.path
          }
        }
        items.append(item)
      }
      try writer.append(
        try spooler.resolve(items).map { item in
          var placedItem = item
          placedItem.entry.path = placed.folder.appending(item.entry.path)
          return placedItem
        })
    }
    _ = try writer.finish()
  }
}
