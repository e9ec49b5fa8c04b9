import CHostOS
import Diagnostics
import Glibc
import HostOS
import SystemPackage

/// Gives files the owner, mode, extended attributes and times of their entries, in the order that keeps all of them:
/// a change of owner clears set-user-id and capabilities.
final class AttributeWriter {
  private let ownership: LayerExtractor.Ownership
  private let overlay: OverlayNamespace?
  private let uid = geteuid()
  private let gid = getegid()
  var warnings = ExtractionWarnings()

  init(_ options: LayerExtractor.Options) {
    ownership = options.ownership
    if case .overlay(let namespace) = options.mode { overlay = namespace } else { overlay = nil }
  }

  /// For files and folders.
  func apply(_ entry: TreeEntry, toDescriptor descriptor: Int32) throws {
    if needsOwner(entry) { try checkOwner(entry, fchown(descriptor, entry.uid, entry.gid)) }
    try check(entry, "set the mode of", fchmod(descriptor, mode_t(entry.mode)))
    if ownership == .record { try record(entry, descriptor) }
    for attribute in entry.extendedAttributes where isWanted(attribute, entry) {
      checkAttribute(attribute, entry, fsetxattr(descriptor, attribute.name, attribute.value, attribute.value.count, 0))
    }
    try check(entry, "set the times of", futimens(descriptor, times(of: entry)))
  }

  /// For links, devices and pipes, which are not opened.
  func apply(_ entry: TreeEntry, at place: RootedFolder.Place) throws {
    if needsOwner(entry) {
      try checkOwner(entry, fchownat(place.folder, place.name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW))
    }
    if case .symbolicLink = entry.kind {
    } else {
      try check(entry, "set the mode of", fchmodat(place.folder, place.name, mode_t(entry.mode), 0))
    }
    for attribute in entry.extendedAttributes where isWanted(attribute, entry) {
      let status = place.hostPath.withPlatformString {
        lsetxattr($0, attribute.name, attribute.value, attribute.value.count, 0)
      }
      checkAttribute(attribute, entry, status)
    }
    let status = utimensat(place.folder, place.name, times(of: entry), AT_SYMLINK_NOFOLLOW)
    try check(entry, "set the times of", status)
  }

  /// Hides what lower folders have at this one.
  func setOpaque(_ path: TreePath, _ descriptor: Int32) throws {
    guard let overlay else { return }
    guard fsetxattr(descriptor, overlay.opaqueName, "y", 1, 0) == 0 else {
      throw HostError("mark as opaque (\(overlay.opaqueName))", path.filePath, .current)
    }
  }

  /// A new file has our own owner already. Not so in plain mode, where a folder that was there may hand down its group.
  private func needsOwner(_ entry: TreeEntry) -> Bool {
    if ownership == .ignore || ownership == .record { return false }
    return !(overlay != nil && entry.uid == uid && entry.gid == gid && !entry.isDirectory)
  }

  /// Root needs no record, and a folder that was there may have one.
  private func record(_ entry: TreeEntry, _ descriptor: Int32) throws {
    let value = OwnerAttribute.value(uid: entry.uid, gid: entry.gid)
    let isRoot = (entry.uid, entry.gid) == (0, 0)
    let status =
      isRoot
      ? fremovexattr(descriptor, OwnerAttribute.name)
      : fsetxattr(descriptor, OwnerAttribute.name, value, value.count, 0)
    if status == 0 || (isRoot && [.noData, .notSupported].contains(Errno.current)) { return }
    throw HostError("record the owner (\(OwnerAttribute.name)) of", entry.path.filePath, .current)
  }

  private func checkOwner(_ entry: TreeEntry, _ status: Int32) throws {
    if status == 0 { return }
    let errno = Errno.current
    guard errno == .notPermitted || errno == .invalidArgument else {
      throw HostError("set the owner of", entry.path.filePath, errno)
    }
    let reason = "this user may not give it the owner \(entry.uid):\(entry.gid)"
    let help = ["give the user subordinate ids in /etc/subuid and /etc/subgid, or run as root"]
    guard ownership == .restoreWherePermitted else {
      throw ArchiveError.cannotUnpack(entry.path, reason, help: help)
    }
    warnings.add("layer-owner", "\(entry.path) keeps the owner \(uid):\(gid): \(reason)", help: help)
  }

  /// overlayfs's own marks have no business in a layer: they would redirect the mount. Owners are the entries'.
  private func isWanted(_ attribute: ExtendedAttribute, _ entry: TreeEntry) -> Bool {
    if attribute.name == OwnerAttribute.name { return false }
    guard OverlayNamespace.suffix(of: attribute.name) != nil else { return true }
    warnings.add("layer-attribute", "the attribute \(attribute.name) of \(entry.path) is left out: it steers overlayfs")
    return false
  }

  private func checkAttribute(_ attribute: ExtendedAttribute, _ entry: TreeEntry, _ status: Int32) {
    if status == 0 { return }
    let reason = Errno.current.description.lowercased()
    warnings.add("layer-attribute", "the attribute \(attribute.name) of \(entry.path) cannot be set: \(reason)")
  }

  private func check(_ entry: TreeEntry, _ operation: String, _ status: Int32) throws {
    guard status == 0 else { throw HostError(operation, entry.path.filePath, .current) }
  }

  private func times(of entry: TreeEntry) -> [timespec] {
    let time = timespec(
      tv_sec: time_t(entry.modificationTime.seconds),
      tv_nsec: Int(min(entry.modificationTime.nanoseconds, 999_999_999)))
    return [time, time]
  }
}
