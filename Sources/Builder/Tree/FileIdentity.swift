import Archive
import OCI

/// What tells whether two names of a tree stand for one file, as hard links do.
enum FileIdentity: Sendable, Hashable {
  /// A file of the host.
  case inode(device: UInt64, number: UInt64)
  /// A file of the topmost layer of a stack, under the name that has its content.
  case layered(ChainID, TreePath)
}
