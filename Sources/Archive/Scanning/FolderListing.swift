import Glibc
import HostOS
import SystemPackage

/// One folder of a walk: an open descriptor, and what it holds.
struct FolderListing: ~Copyable {
  struct Item {
    let name: FileName
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
  init(_ name: FileName, in folder: FileDescriptor, path: @autoclosure () -> FilePath) throws {
    let number = name.withPlatformString {
      openat(folder.rawValue, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    guard number >= 0 else { throw HostError("open the folder", path(), .current) }
    try self.init(descriptor: FileDescriptor(rawValue: number), path: path())
  }

  private init(descriptor: FileDescriptor, path: @autoclosure () -> FilePath) throws {
    do {
      items = try FileName.all(in: descriptor, path()).compactMap { name in
        do {
          return Item(name: name, bytes: name.bytes, status: try FileStatus(of: name, in: descriptor))
        } catch let error as HostError where error.isMissing { return nil }
      }
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
    guard let name = item.name.component else { return [] }
    let path = FilePath("/proc/self/fd/\(descriptor.rawValue)").appending(name)
    return try ExtendedAttributes.all(of: path).map { ExtendedAttribute(name: $0.name, value: $0.value) }
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
