import Archive
import HostOS

/// Writes what a command changed, without what the layers below say already, so that the layer does not depend on how
/// changes are found: overlayfs shows a file that was only opened for writing, and has every folder that was moved hide
/// what is below, also where there is nothing.
struct ChangeWriter {
  private let below: StackTree
  private let writer: LayerWriter
  /// As the writer has it.
  private let latestTime: Timestamp?
  /// Folders on the way that are as they were; they are written once something in them is.
  private var ways: [TreeEntry] = []
  /// The last folder that hides what is below.
  private var opaque: TreePath?

  init(_ writer: LayerWriter, below: StackTree, latestTime: Timestamp?) {
    self.writer = writer
    self.below = below
    self.latestTime = latestTime
  }

  /// Entries come in the order of the layer, folders before what they hold. A regular file comes as it was found.
  /// - Throws: `ArchiveError`, `BuilderError`, `HostError`, and what the writer's sink throws.
  mutating func append(_ entry: TreeEntry, _ file: ScannedFile?) throws {
    ways.removeAll { !entry.path.hasPrefix($0.path) }
    if try isKnown(entry, file) {
      if entry.isDirectory { ways.append(entry) }
      return
    }
    for way in ways { try writer.append(way) }
    ways = []
    if entry.kind == .opaqueWhiteout { opaque = entry.path }
    guard entry.isFile, var file else { return try writer.append(entry) }
    file.entry = entry
    try writer.append(file)
  }

  private func isKnown(_ entry: TreeEntry, _ file: ScannedFile?) throws -> Bool {
    if let opaque, entry.path.hasPrefix(opaque) { return false }
    let known = try below.entry(at: entry.path)
    switch entry.kind {
    case .whiteout: return known == nil
    case .opaqueWhiteout: return known?.isDirectory != true
    case .hardLink: return false
    default:
      guard let known, asWritten(known) == asWritten(entry) else { return false }
      return try !entry.isFile || isContentKnown(of: entry.path, file)
    }
  }

  /// The first of several names is what the others link to.
  private func isContentKnown(of path: TreePath, _ file: ScannedFile?) throws -> Bool {
    guard let file, file.status.linkCount == 1 else { return false }
    var hasher = SHA256Hasher()
    try file.withContent { try Files.readChunks($0, path.filePath) { hasher.update($0) } }
    return try hasher.finalize() == below.contentSHA256(at: path)
  }

  private func asWritten(_ entry: TreeEntry) -> TreeEntry {
    var entry = entry
    if let latestTime, entry.modificationTime > latestTime { entry.modificationTime = latestTime }
    entry.modificationTime.nanoseconds = 0
    return entry
  }
}
