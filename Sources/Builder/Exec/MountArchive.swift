import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage

/// The folder of a cache mount as a blob: a tar of the folder that all use, under its name.
struct MountArchive: Sendable {
  let store: BuildStore

  private static let top = TreePath("0") ?? .root

  /// Puts a folder that nobody writes to into the store. Blocks.
  /// - Throws: `ArchiveError` when it changes meanwhile, `HostError`.
  func pack(_ folders: CacheFolders) throws -> Layer {
    let isRecorded = try store.ownership() == .recorded
    var links = HardLinks()
    return try LayerCommit(store: store, compression: .default, latestTime: nil, isArchive: true).write { writer in
      try DirectoryScanner(root: folders.folder).scan(filter: { path, _ in
        path.hasPrefix(Self.top) ? .include : .exclude
      }) { file in
        var file = file
        if isRecorded { file.entry.takeRecordedOwner() }
        links.resolve(&file.entry, file.status)
        try writer.append(file)
      }
    }
  }

  /// Makes a folder of a blob of the store. Blocks.
  /// - Parameters:
  ///   - folder: does not exist yet.
  ///   - work: an existing folder on the same file system.
  /// - Returns: what could not be restored here.
  /// - Throws: `ArchiveError` for an archive that is damaged, hostile or no cache mount's; `HostError`.
  func unpack(_ layer: Layer, to folder: FilePath, in work: FilePath) throws -> [Diagnostic] {
    let place = work.appending("mount-\(Files.uniqueName())")
    defer { try? Files.removeTree(place) }
    try Files.createDirectories(place)
    var reading = LayerReader.Options.archive
    reading.expectation = layer.expectation
    let extractor = LayerExtractor(
      into: place,
      options: .init(
        mode: .plain, ownership: try store.ownership().extraction, reading: reading))
    let path = store.content.path(of: layer.descriptor.digest)
    let result = try Files.withDescriptor(path, .readOnly) { try extractor.extract(FileByteSource($0, path: path)) }
    let made = place.pushing(Self.top.filePath)
    guard try FileStatus.ifExists(made)?.kind == .directory else {
      throw BuilderError("invalid-cache-mount", "\(layer.descriptor.digest) is not the archive of a cache mount")
    }
    try Files.rename(made, to: folder)
    return result.warnings
  }
}
