import Archive
import HostOS
import Sandbox

/// Tells in a walk which names are those of one file.
struct HardLinks {
  private var first: [ChrootRoot.Identity: TreePath] = [:]

  /// The first name stays a file, later ones become links to it.
  mutating func resolve(_ entry: inout TreeEntry, _ status: FileStatus) {
    guard entry.isFile, status.linkCount > 1 else { return }
    let identity = ChrootRoot.Identity(status)
    if let name = first[identity] { entry.kind = .hardLink(to: name) } else { first[identity] = entry.path }
  }
}
