public import HostOS
public import SystemPackage

/// Walks a folder of the host, such as a build context, in the order of `TreePath`, without following symbolic links.
///
/// The root itself is not given, sockets are passed over, and hard links are files of their own.
public struct DirectoryScanner {
  /// What is to be done with a path.
  public enum Decision: Sendable, Hashable {
    case include
    /// Leave it out, with all below.
    case exclude
    /// Leave it out unless something below it is included; for a file the same as `exclude`.
    case search
  }

  public let root: FilePath
  /// Whether entries have their extended attributes, at one system call or more a file.
  public var readsExtendedAttributes = true

  public init(root: FilePath) { self.root = root }

  /// - Parameters:
  ///   - filter: is asked for each path before anything below it.
  ///   - body: gets each file; folders before what they hold.
  /// - Throws: `HostError` when something cannot be read, and what the closures throw.
  public func scan(
    filter: (TreePath, FileStatus) throws -> Decision = { _, _ in .include },
    _ body: (ScannedFile) throws -> Void
  ) throws {
    let listing = try FolderListing(root: root)
    var shells: [ScannedFile] = []
    try scan(listing, at: .root, &shells, filter, body)
  }

  /// - Parameter shells: the folders on the way that were left out until now.
  private func scan(
    _ listing: borrowing FolderListing, at folder: TreePath, _ shells: inout [ScannedFile],
    _ filter: (TreePath, FileStatus) throws -> Decision, _ body: (ScannedFile) throws -> Void
  ) throws {
    for item in listing.items {
      guard let path = folder.appending(name: item.bytes) else { continue }
      let decision = try filter(path, item.status)
      if decision == .exclude || (decision == .search && item.status.kind != .directory) { continue }
      guard var entry = try item.entry(at: path, linkTarget: { try listing.linkTarget(of: item, path: path) }) else {
        continue
      }
      if readsExtendedAttributes {
        entry.extendedAttributes = try listing.extendedAttributes(of: item)
          .filter { $0.isPortable && OverlayNamespace.suffix(of: $0.name) == nil }
      }
      let file = ScannedFile(entry: entry, status: item.status, folder: listing.descriptor, name: item.name)
      shells.append(file)
      if decision == .include {
        for file in shells { try body(file) }
        shells = []
      }
      if item.status.kind == .directory {
        let below = try FolderListing(item.name, in: listing.descriptor, path: root.appending(path.filePath.components))
        try scan(below, at: path, &shells, filter, body)
      }
      if shells.last?.entry.path == path { shells.removeLast() }
    }
  }
}
