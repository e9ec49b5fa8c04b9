import CHostOS
import CSandbox
import Glibc
import HostOS
import SystemPackage

/// Copies files and folders with modes, owners, times, extended attributes and hard links. Contents are never shared
/// in a way that a change of the copy could show: only the file system may share blocks, until one is written.
struct FolderCopy {
  private final class Links {
    var names: [ChrootRoot.Identity: FilePath] = [:]
  }

  private let links = Links()

  /// - Parameter target: does not exist yet in a folder that does.
  /// - Throws: `HostError`.
  func copy(_ source: FilePath, to target: FilePath) throws {
    let status = try FileStatus(of: source)
    if status.kind == .socket { return }
    if status.linkCount > 1, status.kind != .directory {
      if let first = links.names[.init(status)] { return try link(first, target) }
      links.names[.init(status)] = target
    }
    switch status.kind {
    case .file: try copyContent(source, target)
    case .directory:
      try Files.createDirectories(target)
      for name in try Files.names(in: source) { try copy(source.appending(name), to: target.appending(name)) }
    case .symbolicLink:
      let text = try Files.symbolicLinkTarget(source)
      try check(text.withPlatformString { text in target.withPlatformString { symlink(text, $0) } }, "link", target)
    case .characterDevice, .blockDevice, .fifo:
      let type = status.kind == .fifo ? S_IFIFO : status.kind == .blockDevice ? S_IFBLK : S_IFCHR
      let device = dev_t(hostos_makedev(status.deviceMajor, status.deviceMinor))
      try check(target.withPlatformString { mknod($0, type | 0o600, device) }, "make", target)
    case .socket: break
    }
    try copyAttributes(source, status, target)
  }

  private func copyContent(_ source: FilePath, _ target: FilePath) throws {
    try Files.withDescriptor(source, .readOnly) { from in
      try Files.withDescriptor(
        target, .writeOnly, options: [.create, .exclusiveCreate], permissions: [.ownerReadWrite]
      ) { to in
        let result = csandbox_copy_content(from.rawValue, to.rawValue)
        guard result == 0 else { throw HostError("copy", target, Errno(rawValue: result)) }
      }
    }
  }

  /// The owner first: changing it takes set-user-id bits and capabilities away.
  private func copyAttributes(_ source: FilePath, _ status: FileStatus, _ target: FilePath) throws {
    try Files.setOwner(target, uid: status.uid, gid: status.gid)
    for (name, value) in try ExtendedAttributes.all(of: source) where !name.hasPrefix("security.selinux") {
      try ExtendedAttributes.set(name, to: value, at: target)
    }
    if status.kind != .symbolicLink { try Files.setMode(target, status.mode) }
    try Files.setTime(target, status.modificationTime)
  }

  private func link(_ source: FilePath, _ target: FilePath) throws {
    try check(source.withPlatformString { from in target.withPlatformString { Glibc.link(from, $0) } }, "link", target)
  }

  private func check(_ result: Int32, _ purpose: String, _ path: FilePath) throws {
    guard result == 0 else { throw HostError(purpose, path, .current) }
  }
}
