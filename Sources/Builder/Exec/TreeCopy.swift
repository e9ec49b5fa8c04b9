import Archive
import HostOS
import SystemPackage

/// Copies files of a tree into a folder, where a command finds them with their modes, owners and times.
struct TreeCopy {
  let store: BuildStore
  /// For files on the way.
  let work: FilePath

  /// Writes what a mount shows as `target`, which does not exist yet in a folder that does. Blocks.
  /// - Throws: `BuilderError` with the code `file-changed`, `HostError`.
  func write(_ source: MountSource, as target: FilePath) throws {
    guard let name = target.lastComponent.flatMap({ TreePath($0.bytes) }) else { return }
    let tar = work.appending("copy-\(Files.uniqueName()).tar")
    defer { try? Files.removeTree(tar) }
    try write(items(of: source, as: name), to: tar)
    let extractor = LayerExtractor(
      into: target.removingLastComponent(),
      options: .init(
        mode: .plain, ownership: try store.ownership().extraction))
    _ = try Files.withDescriptor(tar, .readOnly) { try extractor.extract(FileByteSource($0, path: tar)) }
  }

  private func items(of source: MountSource, as name: TreePath) throws -> [PendingLayer.Item] {
    let tree = source.origin.tree
    let items = try source.match.nodes.map { node in
      var entry = node.entry
      entry.path = name.appending(node.relative)
      let content: ContentReference = entry.isFile ? try tree.content(at: node.entry.path) : .bytes([])
      return PendingLayer.Item(
        entry: entry, content: content, expectedSHA256: entry.isFile ? node.contentSHA256 : nil)
    }
    var spooler = ContentSpooler(store: store, spool: try SpoolFile(in: work), end: 0)
    return try spooler.resolve(items)
  }

  private func write(_ items: [PendingLayer.Item], to tar: FilePath) throws {
    try Files.withDescriptor(tar, .writeOnly, options: [.create, .exclusiveCreate], permissions: [.ownerReadWrite]) {
      let writer = try LayerWriter(
        to: FileByteSink($0, path: tar), options: .init(compression: .none, digestsContent: true))
      try writer.append(items)
      let written = try writer.finish().index.items
      for (item, result) in zip(items, written) {
        guard let expected = item.expectedSHA256, let actual = result.contentSHA256 else { continue }
        if expected != actual { throw item.changed }
      }
    }
  }
}
