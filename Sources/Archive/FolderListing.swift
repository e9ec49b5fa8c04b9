import Glibc
import HostOS
import SystemPackage

/// One folder of a walk: an open descriptor, and what it holds.
struct FolderListing: ~Copyable {
  struct Item {
    let name: FilePath.Component
    let bytes: [UInt8]
    let status: FileStatus
  }

  let descriptor: FileDescriptor
  /// Sorted by the bytes of their names; what vanished while we looked is left out.
  let items: [Item]

  /// - Throws: `HostError`.
  init(root: FilePath) throws {
    try self.init(descriptor: Files.open(root, .readOnly, options: .directory), path: root)
  }

  /// Does not follow a symbolic link.
  /// - Throws: `HostError`.
  init(_ name: FilePath.Component, in folder: FileDescriptor, path: FilePath) throws {
    let number = name.withPlatformString {
      openat(folder.rawValue, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    guard number >= 0 else { throw HostError("open the folder", path, .current) }
    try self.init(descriptor: FileDescriptor(rawValue: number), path: path)
  }

  private init(descriptor: FileDescriptor, path: FilePath) throws {
    do {
      items = try Self.names(in: descriptor, path).compactMap { name in
        do {
          let status = try FileStatus(of: FilePath(root: nil, [name]), relativeTo: descriptor)
          return Item(name: name, bytes: Self.bytes(of: name), status: status)
        } catch let error as HostError where error.isMissing { return nil }
      }.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
      self.descriptor = descriptor
    } catch {
      try? descriptor.close()
      throw error
    }
  }

  deinit { try? descriptor.close() }

  /// What a symbolic link says, byte for byte.
  /// - Throws: `HostError`.
  func linkTarget(of item: Item, path: TreePath) throws -> [UInt8] {
    var buffer = [CChar](repeating: 0, count: 4097)
    let length = item.name.withPlatformString { readlinkat(descriptor.rawValue, $0, &buffer, buffer.count) }
    guard length >= 0 else { throw HostError("read the symbolic link", path.filePath, .current) }
    return buffer[..<length].map(UInt8.init(bitPattern:))
  }

  /// - Throws: `HostError`.
  func extendedAttributes(of item: Item) throws -> [ExtendedAttribute] {
    let path = FilePath("/proc/self/fd/\(descriptor.rawValue)").appending(item.name)
    return try ExtendedAttributes.all(of: path).map { ExtendedAttribute(name: $0.name, value: $0.value) }
  }

  /// The listing needs a descriptor of its own, since closing the stream closes it.
  private static func names(in folder: FileDescriptor, _ path: FilePath) throws -> [FilePath.Component] {
    let copy = openat(folder.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let errno = Errno.current
      if copy >= 0 { close(copy) }
      throw HostError("list the folder", path, errno)
    }
    defer { closedir(stream) }
    var names: [FilePath.Component] = []
    while true {
      Glibc.errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath.Component(platformString: $0) }
      }
      if let name, name.kind == .regular { names.append(name) }
    }
    guard Glibc.errno == 0 else { throw HostError("list the folder", path, .current) }
    return names
  }

  private static func bytes(of name: FilePath.Component) -> [UInt8] {
    name.withPlatformString { UnsafeBufferPointer(start: $0, count: strlen($0)).map(UInt8.init(bitPattern:)) }
  }
}

extension FolderListing.Item {
  /// The item as an entry; nil for sockets, which no layer can hold.
  func entry(at path: TreePath, linkTarget: () throws -> [UInt8]) rethrows -> TreeEntry? {
    let kind: TreeEntry.Kind
    switch status.kind {
    case .file: kind = .file(size: status.size)
    case .directory: kind = .directory
    case .symbolicLink: kind = .symbolicLink(target: try linkTarget())
    case .characterDevice: kind = .characterDevice(major: status.deviceMajor, minor: status.deviceMinor)
    case .blockDevice: kind = .blockDevice(major: status.deviceMajor, minor: status.deviceMinor)
    case .fifo: kind = .fifo
    case .socket: return nil
    }
    let entry = TreeEntry(path: path, kind: kind, mode: status.mode, modificationTime: status.modificationTime)
    return entry.owned(by: status.uid, status.gid)
  }
}

extension ExtendedAttribute {
  /// Whether it says something about the file rather than about this machine: labels of security modules, and what a
  /// network file system makes up, stay behind.
  var isPortable: Bool {
    name.hasPrefix("user.") || name.hasPrefix("trusted.") || name == "security.capability"
      || name == "system.posix_acl_access" || name == "system.posix_acl_default"
  }
}
