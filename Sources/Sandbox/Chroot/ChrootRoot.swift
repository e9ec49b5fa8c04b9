import CHostOS
import Glibc
public import HostOS
import Synchronization
public import SystemPackage

/// A root file system that is a plain folder, for commands where the host permits neither mounts nor namespaces.
///
/// What a command sees for its own time only (devices, `/etc/hosts`, mounts) is put into the folder and taken out
/// again: what was in its place waits outside, and the folders around it get their times back. To learn what a command
/// changed, compare the folder before and after, both times while it is furnished.
public final class ChrootRoot: Sendable {
  /// What one thing on a file system is, whatever it is called.
  public struct Identity: Sendable, Hashable {
    public var device: UInt64
    public var inode: UInt64

    public init(_ status: FileStatus) {
      device = status.device
      inode = status.inode
    }
  }

  /// One thing that was put into the folder.
  struct Placement: Sendable {
    /// On the host, without symbolic links below the root.
    var path: FilePath
    /// Of the folder that it is in.
    var parent: Identity
    /// Keeps its inode from being given away, and wipes it where it is secret.
    var descriptor: FileDescriptor
    var identity: Identity
    /// What was there before.
    var stashed: FilePath?
    /// Where its content goes afterwards.
    var origin: FilePath?
    var isSecret = false
    /// A folder that was made to hold something else.
    var isStub = false
  }

  public let folder: FilePath
  /// For things on the way, on the same file system; what comes from below it is moved, not copied.
  let work: FilePath
  let placements = Mutex<[Placement]>([])

  /// - Parameter work: an existing folder of the command's own, outside of `folder`.
  public init(folder: FilePath, work: FilePath) {
    self.folder = folder
    self.work = work
  }

  /// Paths relative to the root that do not belong to it, with all that is below them.
  public var foreignPaths: Set<FilePath> { paths(where: { !$0.isStub }) }

  /// Folders that were made on the way to foreign paths, and belong to the root only if something else is in them.
  public var stubPaths: Set<FilePath> { paths(where: \.isStub) }

  /// Of things that do not belong to the root, wherever they are.
  public var foreignIdentities: Set<Identity> {
    placements.withLock { Set($0.filter { !$0.isStub }.map(\.identity)) }
  }

  private func paths(where condition: (Placement) -> Bool) -> Set<FilePath> {
    let prefix = folder.components.count
    return placements.withLock { placements in
      Set(placements.filter(condition).map { FilePath(root: nil, $0.path.components.dropFirst(prefix)) })
    }
  }

  // MARK: Putting in

  /// Puts what a command asks for into the folder. Blocks.
  /// - Returns: what is not as it should be, for people.
  /// - Throws: `SandboxError`, with the number of the mount where one is to blame; `HostError`. Call `clear` then, too.
  public func furnish(for command: SandboxCommand) throws -> [String] {
    var remarks: [String] = []
    try place("/dev", isFolder: true) { path in
      if !(try DeviceFolder(path: path).make()) {
        remarks.append(
          "this host permits no device nodes: files stand for /dev/null, /dev/zero, /dev/full and /dev/urandom")
      }
    }
    for (content, target) in [(command.resolvConf, "/etc/resolv.conf"), (command.hosts, "/etc/hosts")] {
      guard let content else { continue }
      try place(FilePath(target), isFolder: false) { try Self.write(content, to: $0, mode: 0o644) }
    }
    for (index, mount) in command.mounts.enumerated() {
      do { try place(mount) } catch let error as HostError {
        var failure = SetUpFailure("provide \(mount.target)", "copy", error.errno)
        failure.mount = index
        throw SandboxError(.setUp(failure), help: Self.help(error.errno, mount.target))
      }
    }
    return remarks
  }

  private static func help(_ errno: Errno, _ target: FilePath) -> [String] {
    switch errno {
    case .notDirectory, .isDirectory:
      ["a folder can be mounted on a folder only, and a file on a file: choose another target than \(target)"]
    case .noSpace: ["make room on the disk of the store: without mounts, what a command sees is copied"]
    default: []
    }
  }

  private func place(_ mount: SandboxMount) throws {
    switch mount.source {
    case .content(let bytes, let mode, let uid, let gid):
      try place(mount.target, isFolder: false, isSecret: true) { path in
        try Self.write(bytes, to: path, mode: 0o600)
        // Where there is one id only, every file belongs to it.
        if UserNamespace.current != .singleID { try Files.setOwner(path, uid: uid, gid: gid) }
        try Files.setMode(path, mode & 0o7777)
      }
    case .tmpfs:
      let covered = try FileStatus.ifExists(try resolve(mount.target))
      try place(mount.target, isFolder: true) { path in
        try Files.createDirectories(path)
        try Files.setMode(path, covered.map { $0.mode & 0o7777 } ?? 0o1777)
      }
    case .bind(let source, let readOnly): try place(source, readOnly: readOnly, at: mount.target)
    case .layers:
      throw SandboxError(.invalid("layers cannot be joined without mounts at \(mount.target)"))
    }
  }

  private func place(_ source: FilePath, readOnly: Bool, at target: FilePath) throws {
    let kind = try FileStatus(of: source).kind
    let isOurs = source.starts(with: work)
    let origin = isOurs || readOnly || kind != .directory ? nil : source
    try place(target, isFolder: kind == .directory, origin: origin) { path in
      if kind == .socket {
        // Whoever connects to another name of a socket reaches the same listener.
        let result = source.withPlatformString { from in path.withPlatformString { link(from, $0) } }
        guard result == 0 else { throw HostError("link", path, .current) }
      } else if isOurs {
        try Files.rename(source, to: path)
      } else {
        try FolderCopy().copy(source, to: path)
      }
    }
  }

  private func place(
    _ target: FilePath, isFolder: Bool, origin: FilePath? = nil, isSecret: Bool = false,
    _ make: (FilePath) throws -> Void
  ) throws {
    let path = try resolve(target)
    let parent = path.removingLastComponent()
    let parentStatus = try FileStatus(of: parent)
    var stashed: FilePath?
    if let there = try FileStatus.ifExists(path) {
      guard (there.kind == .directory) == isFolder else {
        throw HostError("replace", target, isFolder ? .notDirectory : .isDirectory)
      }
      let place = work.appending("stash-\(Files.uniqueName())")
      try Files.rename(path, to: place)
      stashed = place
    }
    do { try make(path) } catch {
      try? Files.removeTree(path)
      if let stashed { try? Files.rename(stashed, to: path) }
      try? parent.setModificationTime(parentStatus.modificationTime)
      throw error
    }
    try parent.setModificationTime(parentStatus.modificationTime)
    try keep(path, in: parentStatus) {
      $0.stashed = stashed
      $0.origin = origin
      $0.isSecret = isSecret
    }
  }

  private func keep(_ path: FilePath, in parent: FileStatus, _ change: (inout Placement) -> Void) throws {
    let status = try FileStatus(of: path)
    // Opening a socket or a device for reading is another thing.
    let flags = status.kind == .file ? O_RDWR | O_NOFOLLOW | O_CLOEXEC : hostos_O_PATH | O_NOFOLLOW | O_CLOEXEC
    let number = path.withPlatformString { open($0, flags) }
    guard number >= 0 else { throw HostError("open", path, .current) }
    var placement = Placement(
      path: path, parent: Identity(parent), descriptor: FileDescriptor(rawValue: number), identity: Identity(status))
    change(&placement)
    placements.withLock { [placement] in $0.append(placement) }
  }

  private static func write(_ bytes: [UInt8], to path: FilePath, mode: UInt16) throws {
    try Files.withDescriptor(
      path, .writeOnly, options: [.create, .exclusiveCreate], permissions: [.ownerReadWrite]
    ) { _ = try $0.writeAll(bytes) }
    try Files.setMode(path, mode)
  }

  // MARK: Finding the place

  /// Where a path of the root is on the host, symbolic links followed inside the root; folders that are missing on the
  /// way are made. Nothing else runs in the root meanwhile.
  private func resolve(_ target: FilePath) throws -> FilePath {
    var rest = Array(target.components.reversed())
    var path = folder
    var depth = 0
    var links = 0
    while let name = rest.popLast() {
      if name.kind == .currentDirectory { continue }
      if name.kind == .parentDirectory {
        if depth > 0 { path.removeLastComponent() }
        depth = max(0, depth - 1)
        continue
      }
      let next = path.appending(name)
      let status = try FileStatus.ifExists(next)
      if status?.kind == .symbolicLink {
        links += 1
        guard links <= 40 else { throw HostError("resolve", target, .tooManySymbolicLinkLevels) }
        let text = try Files.symbolicLinkTarget(next)
        if text.isAbsolute { (path, depth) = (folder, 0) }
        rest += text.components.reversed()
        continue
      }
      if !rest.isEmpty {
        if let status, status.kind != .directory { throw HostError("enter", target, .notDirectory) }
        if status == nil { try makeStub(next) }
      }
      (path, depth) = (next, depth + 1)
    }
    guard depth > 0 else { throw HostError("replace", target, .resourceBusy) }
    return path
  }

  private func makeStub(_ path: FilePath) throws {
    let parent = path.removingLastComponent()
    let status = try FileStatus(of: parent)
    try Files.createDirectories(path)
    try Files.setMode(path, 0o755)
    try parent.setModificationTime(status.modificationTime)
    try keep(path, in: status) { $0.isStub = true }
  }
}

extension FilePath {
  /// Leaves the time of access as it is.
  func setModificationTime(_ time: Timestamp) throws {
    let times = [
      timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2),
      timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
    ]
    guard withPlatformString({ utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      throw HostError("set the time of", self, .current)
    }
  }
}
