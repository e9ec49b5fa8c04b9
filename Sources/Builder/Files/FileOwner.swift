/// Whom a file belongs to.
struct FileOwner: Sendable, Hashable {
  var uid: UInt32
  var gid: UInt32
}
