import Archive
import DockerfileSyntax
import HostOS
import SystemPackage

/// The build context: a folder of the host as .dockerignore shows it. Files belong to root, as they do in BuildKit, and
/// their extended attributes stay behind.
struct ContextTree: FileTree {
  let root: FilePath
  let ignore: DockerIgnoreMatcher?
  var name = "the build context"
  /// The paths and wildcards that the build asks for; nil is everything.
  var requests: [String]?
  /// What the archive says that the files come from: they have the owners, modes, times and attributes that it gives.
  var archived: [TreePath: TreeEntry] = [:]
  /// When git is to have checked the files out: they have this time, and the modes that git knows. Nil is as they are.
  var checkoutTime: Timestamp?
  /// What earlier builds found in the files; nil where nothing is remembered.
  var memory: ContextMemory?

  func entry(at path: TreePath) throws -> TreeEntry? {
    guard let status = try FileStatus.ifExists(hostPath(path)), let kind = try kind(of: status, at: path) else {
      return nil
    }
    var entry = TreeEntry(
      path: path, kind: kind, mode: status.kind == .symbolicLink ? 0o777 : status.mode,
      modificationTime: status.modificationTime)
    if var archived = archived[path] {
      archived.kind = kind
      entry = archived
    } else if let checkoutTime {
      entry.modificationTime = checkoutTime
      entry.mode = Self.checkoutMode(of: status)
    }
    return try isVisible(path, isDirectory: status.kind == .directory) ? entry : nil
  }

  func names(in folder: TreePath) throws -> [[UInt8]] {
    try Files.names(in: hostPath(folder)).map(\.bytes).filter { name in
      guard let path = folder.appending(name: name) else { return false }
      return try entry(at: path) != nil
    }
  }

  func content(at path: TreePath) throws -> ContentReference { .file(hostPath(path)) }

  func contentSHA256(at path: TreePath) throws -> [UInt8] {
    let file = hostPath(path)
    if let memory { return try memory.contentSHA256(of: file, at: path) }
    return try Files.withDescriptor(file, .readOnly) { descriptor in
      var hasher = SHA256Hasher()
      try Files.readChunks(descriptor, file) { hasher.update($0) }
      return hasher.finalize()
    }
  }

  func identity(at path: TreePath) throws -> FileIdentity? {
    guard let status = try FileStatus.ifExists(hostPath(path)), status.kind == .file, status.linkCount > 1 else {
      return nil
    }
    return .inode(device: status.device, number: status.inode)
  }

  /// What git makes of a file where nothing is masked.
  private static func checkoutMode(of status: FileStatus) -> UInt16 {
    switch status.kind {
    case .symbolicLink: 0o777
    case .directory: 0o755
    default: status.mode & 0o100 == 0 ? 0o644 : 0o755
    }
  }

  private func hostPath(_ path: TreePath) -> FilePath { path.isRoot ? root : root.pushing(path.filePath) }

  /// Sockets are left out, as in every builder.
  private func kind(of status: FileStatus, at path: TreePath) throws -> TreeEntry.Kind? {
    switch status.kind {
    case .file: return .file(size: status.size)
    case .directory: return .directory
    case .symbolicLink:
      return .symbolicLink(target: try Files.symbolicLinkTarget(hostPath(path)).bytes)
    case .characterDevice: return .characterDevice(major: status.deviceMajor, minor: status.deviceMinor)
    case .blockDevice: return .blockDevice(major: status.deviceMajor, minor: status.deviceMinor)
    case .fifo: return .fifo
    case .socket: return nil
    }
  }

  /// An excluded folder is there all the same when an exception brings back something in it.
  private func isVisible(_ path: TreePath, isDirectory: Bool) throws -> Bool {
    guard let ignore, !path.isRoot, ignore.match(path.text) else { return true }
    guard isDirectory, ignore.mayHaveExceptions(below: path.text) else { return false }
    return try !names(in: path).isEmpty
  }
}
