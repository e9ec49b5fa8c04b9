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
    try FileStatus.ifExists(hostPath(path)).flatMap { try entry(at: path, $0) }
  }

  private func entry(at path: TreePath, _ status: FileStatus) throws -> TreeEntry? {
    guard let kind = try kind(of: status, at: path) else { return nil }
    var entry = TreeEntry(
      path: path, kind: kind, mode: status.kind == .symbolicLink ? 0o777 : status.mode,
      modificationTime: status.modificationTime)
    if !archived.isEmpty, var archived = archived[path] {
      archived.kind = kind
      entry = archived
    } else if let checkoutTime {
      entry.modificationTime = checkoutTime
      entry.mode = Self.checkoutMode(of: status)
    }
    return try isVisible(path, isDirectory: status.kind == .directory) ? entry : nil
  }

  func names(in folder: TreePath) throws -> [[UInt8]] { try children(of: folder).map { Array($0.entry.path.name) } }

  /// With one look at each file.
  func children(of folder: TreePath) throws -> [FileTreeChild] {
    let path = hostPath(folder)
    return try Files.withDescriptor(path, .readOnly, options: .directory) { descriptor in
      try FileName.all(in: descriptor, path).compactMap { name in
        let status: FileStatus
        do { status = try FileStatus(of: name, in: descriptor) } catch let error as HostError where error.isMissing {
          return nil
        }
        guard let path = folder.appending(name: name.bytes), let entry = try entry(at: path, status) else { return nil }
        let remembered = entry.isFile ? memory?.contentSHA256(at: path, .init(status)) : nil
        return FileTreeChild(entry: entry, identity: identity(status), contentSHA256: remembered)
      }
    }
  }

  func content(at path: TreePath) throws -> ContentReference {
    .context(ContextFile(root: root, path: path, memory: memory))
  }

  func contentSHA256(at path: TreePath) throws -> [UInt8] { try contentSHA256s(at: [path])[0] }

  /// Reads the files on all processors, unless it is remembered what they hold.
  func contentSHA256s(at paths: [TreePath]) throws -> [[UInt8]] {
    try Files.withDescriptor(root, .readOnly, options: .directory) { folder in
      try Blocking.concurrently(paths.count) { range in
        let digester = FileDigester(folder: folder, root: root)
        return try range.map { try digester.digest(of: paths[$0], memory) }
      }
    }
  }

  func identity(at path: TreePath) throws -> FileIdentity? {
    try FileStatus.ifExists(hostPath(path)).flatMap(identity)
  }

  private func identity(_ status: FileStatus) -> FileIdentity? {
    guard status.kind == .file, status.linkCount > 1 else { return nil }
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
