import CHostOS
import Diagnostics
import Glibc
import HostOS
import SystemPackage

/// Makes the files that the entries of one layer describe below a folder.
final class TreeWriter {
  private let root: RootedFolder
  private let options: LayerExtractor.Options
  private let attributes: AttributeWriter
  private var folders = PendingFolders()
  /// What this layer brought, with the folders on the way; kept in plain mode only, where deletions must spare it.
  private var unpacked: Set<TreePath> = []

  var warnings: ExtractionWarnings { attributes.warnings }

  /// - Throws: `HostError`.
  init(root path: FilePath, options: LayerExtractor.Options) throws {
    root = try RootedFolder(path)
    self.options = options
    attributes = AttributeWriter(options)
  }

  /// - Parameter content: writes the content of a file into the descriptor that it is given.
  func write(_ entry: TreeEntry, content: (FileDescriptor) throws -> Void) throws {
    switch entry.kind {
    case .whiteout: return try writeWhiteout(entry)
    case .opaqueWhiteout: return try writeOpaque(entry)
    default: break
    }
    if entry.path.isRoot {
      if options.mode != .plain { folders.set(entry) }
      return
    }
    if options.mode == .plain { try coverLowerFiles(above: entry) }
    remember(entry.path)
    let place = try place(of: entry)
    switch entry.kind {
    case .directory: try writeDirectory(entry, at: place)
    case .file: try writeFile(entry, at: place, content)
    case .symbolicLink(let target): try writeSymbolicLink(entry, target, at: place)
    case .hardLink(let target): try writeHardLink(entry, target, at: place)
    case .characterDevice(let major, let minor):
      try writeNode(entry, Glibc.S_IFCHR, hostos_makedev(major, minor), at: place)
    case .blockDevice(let major, let minor):
      try writeNode(entry, Glibc.S_IFBLK, hostos_makedev(major, minor), at: place)
    case .fifo: try writeNode(entry, Glibc.S_IFIFO, 0, at: place)
    case .whiteout, .opaqueWhiteout: break
    }
  }

  /// Whether `finish` will ask for folders of lower layers.
  var hasImpliedFolders: Bool { folders.hasImplied }

  /// Gives folders their attributes, which would not last, or would be in the way, while things are put into them.
  func finish(_ lowerEntry: (TreePath) throws -> TreeEntry?) throws {
    for var pending in folders.deepestFirst() {
      if pending.isImplied, let lower = try lowerEntry(pending.path), lower.isDirectory {
        let path = pending.path
        pending.entry = lower
        pending.entry.path = path
      }
      let descriptor: Int32
      if pending.path.isRoot {
        descriptor = openat(root.descriptor.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      } else {
        let place = try root.place(of: pending.path) { _ in }
        descriptor = openat(place.folder, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      }
      guard descriptor >= 0 else { throw HostError("open the folder", pending.path.filePath, .current) }
      defer { close(descriptor) }
      try attributes.apply(pending.entry, toDescriptor: descriptor)
      if pending.isOpaque { try attributes.setOpaque(pending.path, descriptor) }
    }
  }

  // MARK: Kinds

  private func writeDirectory(_ entry: TreeEntry, at place: RootedFolder.Place) throws {
    if mkdirat(place.folder, place.name, 0o700) != 0 {
      guard Errno.current == .fileExists else { throw HostError("create the folder", entry.path.filePath, .current) }
      let node = try place.node()
      if node != .directory {
        try remove(entry.path, at: place)
        guard mkdirat(place.folder, place.name, 0o700) == 0 else {
          throw HostError("create the folder", entry.path.filePath, .current)
        }
        // A folder that was deleted and made anew does not show what is below.
        if node == .whiteout { folders.setOpaque(entry.path) }
      }
    }
    folders.set(entry)
  }

  private func writeFile(
    _ entry: TreeEntry, at place: RootedFolder.Place, _ content: (FileDescriptor) throws -> Void
  ) throws {
    var descriptor: Int32 = -1
    try create(entry, at: place) {
      descriptor = openat(
        place.folder, place.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      return descriptor >= 0
    }
    defer { close(descriptor) }
    if entry.size > 0 { try content(FileDescriptor(rawValue: descriptor)) }
    try attributes.apply(entry, toDescriptor: descriptor)
  }

  private func writeSymbolicLink(_ entry: TreeEntry, _ target: [UInt8], at place: RootedFolder.Place) throws {
    let text = target.map(CChar.init(bitPattern:)) + [0]
    try create(entry, at: place) { symlinkat(text, place.folder, place.name) == 0 }
    try attributes.apply(entry, at: place)
  }

  private func writeHardLink(_ entry: TreeEntry, _ target: TreePath, at place: RootedFolder.Place) throws {
    let folder = root.open(target.parent ?? .root)
    guard folder >= 0 else {
      throw ArchiveError.cannotUnpack(entry.path, "it is a hard link to \(target), which this layer does not have")
    }
    defer { close(folder) }
    let from = RootedFolder.Place(folder: folder, name: target.name.map(CChar.init(bitPattern:)) + [0])
    switch try from.node() {
    case .other: break
    case .missing, .whiteout:
      throw ArchiveError.cannotUnpack(entry.path, "it is a hard link to \(target), which this layer does not have")
    case .directory: throw ArchiveError.cannotUnpack(entry.path, "it is a hard link to the folder \(target)")
    }
    try create(entry, at: place) { linkat(from.folder, from.name, place.folder, place.name, 0) == 0 }
  }

  private func writeNode(
    _ entry: TreeEntry, _ type: mode_t, _ device: UInt64, at place: RootedFolder.Place
  ) throws {
    if type == Glibc.S_IFCHR, device == 0 {
      attributes.warnings.add(
        "layer-device", "\(entry.path) is left out: the character device 0:0 means a deletion to overlayfs")
      return
    }
    var isRefused = false
    try create(entry, at: place) {
      if mknodat(place.folder, place.name, type | 0o600, dev_t(device)) == 0 { return true }
      isRefused = Errno.current == .notPermitted && self.options.devices == .skipWhereRefused
      return isRefused
    }
    if isRefused {
      attributes.warnings.add(
        "layer-device", "\(entry.path) is left out: this user may not make device nodes",
        help: ["the devices of a container come from its runtime; run as root if the image needs this one"])
      return
    }
    try attributes.apply(entry, at: place)
  }

  /// Calls `body` until it succeeds, having removed what is in its way.
  private func create(_ entry: TreeEntry, at place: RootedFolder.Place, _ body: () -> Bool) throws {
    if body() { return }
    guard Errno.current == .fileExists else { throw HostError("create", entry.path.filePath, .current) }
    try remove(entry.path, at: place)
    guard body() else { throw HostError("create", entry.path.filePath, .current) }
  }

  private func remove(_ path: TreePath, at place: RootedFolder.Place) throws {
    try place.remove()
    folders.forget(path)
  }

  // MARK: Deletions

  private func writeWhiteout(_ entry: TreeEntry) throws {
    guard options.mode != .plain else { return try delete(entry.path) }
    let place = try place(of: entry)
    if mknodat(place.folder, place.name, Glibc.S_IFCHR, 0) == 0 { return }
    switch Errno.current {
    case .fileExists:
      // The deletion is of what lower layers have; what this layer has itself stays, and hides it.
      if try place.node() == .directory { folders.setOpaque(entry.path) }
    case .notPermitted:
      throw ArchiveError.cannotUnpack(
        entry.path, "this user may not mark deletions (character device 0:0)",
        help: ["use Linux 5.8 or newer, or run inside a user namespace or as root"])
    case let errno: throw HostError("mark the deletion of", entry.path.filePath, errno)
    }
  }

  private func writeOpaque(_ entry: TreeEntry) throws {
    let folder = entry.path
    guard options.mode != .plain else { return try deleteContent(of: folder) }
    if !folder.isRoot {
      let descriptor = root.open(folder)
      if descriptor >= 0 { close(descriptor) } else { try makeFolders(to: folder, time: entry.modificationTime) }
    }
    folders.setOpaque(folder)
  }

  private func delete(_ path: TreePath) throws {
    if unpacked.contains(path) { return try deleteContent(of: path) }
    let parent = root.open(path.parent ?? .root)
    guard parent >= 0 else { return }
    defer { close(parent) }
    let place = RootedFolder.Place(folder: parent, name: path.name.map(CChar.init(bitPattern:)) + [0])
    root.forgetCache()
    try remove(path, at: place)
  }

  /// Spares what this layer brought.
  private func deleteContent(of folder: TreePath) throws {
    let descriptor = root.open(folder)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    for name in try Files.names(in: FilePath("/proc/self/fd/\(descriptor)")) {
      let bytes = name.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) }
      guard let path = folder.appending(name: bytes.map(UInt8.init(bitPattern:))) else { continue }
      try delete(path)
    }
  }

  private func remember(_ path: TreePath) {
    guard options.mode == .plain else { return }
    unpacked.insert(path)
    for folder in path.ancestors.reversed() where !unpacked.insert(folder).inserted { return }
  }

  // MARK: Folders on the way

  private func place(of entry: TreeEntry) throws -> RootedFolder.Place {
    try root.place(of: entry.path) { try makeFolders(to: $0, time: entry.modificationTime) }
  }

  /// The folders that an entry implies hide links and files of lower layers, as they do where each layer has a folder of
  /// its own: nothing is written to where a lower link leads.
  private func coverLowerFiles(above entry: TreeEntry) throws {
    for folder in entry.path.ancestors where !folder.isRoot && !unpacked.contains(folder) {
      let place = try root.place(of: folder) { _ in }
      switch try place.node() {
      case .directory: continue
      case .missing, .whiteout: return
      case .other:
        try remove(folder, at: place)
        root.forgetCache()
        return try makeFolders(to: folder, time: entry.modificationTime)
      }
    }
  }

  /// Makes what is missing of `folder` and the folders above.
  private func makeFolders(to folder: TreePath, time: Timestamp) throws {
    var missing: [TreePath] = []
    for path in [folder] + folder.ancestors.reversed() {
      let descriptor = root.open(path)
      if descriptor >= 0 {
        close(descriptor)
        break
      }
      guard descriptor == -ENOENT || descriptor == -ENOTDIR else {
        throw RootedFolder.error(folder, Errno(rawValue: -descriptor))
      }
      missing.append(path)
    }
    for path in missing.reversed() { try makeFolder(path, time: time) }
  }

  private func makeFolder(_ path: TreePath, time: Timestamp) throws {
    let place = try root.place(of: path) { _ in }
    let node = try place.node()
    switch node {
    case .missing: break
    case .whiteout: try remove(path, at: place)
    case .directory, .other: throw RootedFolder.error(path, descriptorError(path))
    }
    guard mkdirat(place.folder, place.name, 0o700) == 0 else {
      throw HostError("create the folder", path.filePath, .current)
    }
    folders.set(TreeEntry(path: path, kind: .directory, mode: 0o755, modificationTime: time), isImplied: true)
    if node == .whiteout { folders.setOpaque(path) }
  }

  private func descriptorError(_ path: TreePath) -> Errno {
    let descriptor = root.open(path)
    if descriptor >= 0 { close(descriptor) }
    return Errno(rawValue: -min(descriptor, 0))
  }
}
