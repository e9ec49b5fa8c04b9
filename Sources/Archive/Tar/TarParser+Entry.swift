import HostOS

extension TarParser.Header {
  /// The header as an entry of an image; nil for AUFS bookkeeping, which means nothing.
  /// - Throws: `ArchiveError` for what no image can have.
  func entry(decodingWhiteouts: Bool) throws -> TreeEntry? {
    guard let path = TreePath(name) else {
      throw ArchiveError.unsafeName(name, "its name leaves the archive's root")
    }
    if name.isEmpty { throw ArchiveError.unsafeName(name, "it has no name") }
    if decodingWhiteouts, path.name.starts(with: Whiteout.prefix) { return try whiteout(path) }
    var entry = TreeEntry(
      path: path, kind: try treeKind(path), mode: mode, modificationTime: modificationTime,
      extendedAttributes: extendedAttributes)
    if path.isRoot, entry.kind != .directory {
      throw ArchiveError.unsafeName(name, "only a folder can be the archive's root")
    }
    // The highest number means "leave it as it is" to chown(2).
    guard let uid = UInt32(exactly: uid), let gid = UInt32(exactly: gid), uid != .max, gid != .max else {
      throw ArchiveError.invalidEntry(path, "its owner \(self.uid):\(self.gid) is out of range")
    }
    entry.uid = uid
    entry.gid = gid
    return entry
  }

  private func whiteout(_ path: TreePath) throws -> TreeEntry? {
    guard let folder = path.parent else { return nil }
    if path.name.elementsEqual(Whiteout.opaqueName) {
      return .opaqueWhiteout(folder, modificationTime: modificationTime)
    }
    if path.name.starts(with: Whiteout.bookkeepingPrefix) { return nil }
    guard let deleted = folder.appending(name: path.name.dropFirst(Whiteout.prefix.count)) else {
      throw ArchiveError.unsafeName(name, "it deletes nothing that could have a name")
    }
    return .whiteout(deleted, modificationTime: modificationTime)
  }

  private func treeKind(_ path: TreePath) throws -> TreeEntry.Kind {
    switch kind {
    case .file(let size):
      guard size >= 0 else { throw ArchiveError.invalidEntry(path, "its size is negative") }
      return .file(size: size)
    case .directory: return .directory
    case .fifo: return .fifo
    case .symbolicLink(let target):
      guard !target.isEmpty else { throw ArchiveError.invalidEntry(path, "it is a symbolic link to nothing") }
      return .symbolicLink(target: target)
    case .hardLink(let target):
      guard let target = TreePath(target), !target.isRoot else {
        throw ArchiveError.unsafeName(name, "it is a hard link to something outside the archive's root")
      }
      guard target != path else { throw ArchiveError.invalidEntry(path, "it is a hard link to itself") }
      return .hardLink(to: target)
    case .characterDevice(let major, let minor):
      let (major, minor) = try device(major, minor, path)
      return .characterDevice(major: major, minor: minor)
    case .blockDevice(let major, let minor):
      let (major, minor) = try device(major, minor, path)
      return .blockDevice(major: major, minor: minor)
    case .other(let type):
      throw ArchiveError.invalidEntry(path, "its type 0\(String(type, radix: 8)) is not known")
    }
  }

  private func device(_ major: UInt64, _ minor: UInt64, _ path: TreePath) throws -> (UInt32, UInt32) {
    // What dev_t can hold in the kernel: 12 and 20 bits.
    guard major < 1 << 12, minor < 1 << 20 else {
      throw ArchiveError.invalidEntry(path, "its device number \(major):\(minor) is out of range")
    }
    return (UInt32(major), UInt32(minor))
  }
}
