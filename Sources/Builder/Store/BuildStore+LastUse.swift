import HostOS
import OCI
import SystemPackage

/// When things were used last is the modification time of their files, or of a file beside them where the time of the
/// thing itself means something.
extension BuildStore {
  /// More often than this, in seconds, the time is not written.
  private static let precision: Int64 = 60

  /// Notes that something is used now. Where that cannot be written, as in a store of somebody else, it only goes sooner.
  static func markUsed(_ path: FilePath) {
    let now = Timestamp.now
    guard let status = try? FileStatus(of: path), status.modificationTime.seconds < now.seconds - precision else {
      return
    }
    try? Files.setTime(path, now)
  }

  /// Notes that an unpacked layer is used now. The time of its folder is part of the image.
  /// - Parameter snapshot: its folder.
  func markUsed(snapshot: FilePath) {
    let path = Self.snapshotMarkPath(of: snapshot)
    if (try? FileStatus.ifExists(path)) != nil { return Self.markUsed(path) }
    try? Files.withDescriptor(path, .writeOnly, options: .create, permissions: FilePermissions(rawValue: 0o644)) { _ in
    }
  }

  private static func snapshotMarkPath(of snapshot: FilePath) -> FilePath {
    FilePath(snapshot.string + markSuffix)
  }

  static let markSuffix = ".used"

  /// Notes that an image is used now, with those of its layers that are here.
  func markUsed(_ image: BuiltImage) {
    let digests =
      [image.manifest.descriptor.digest, image.configDescriptor.digest] + image.layers.map(\.descriptor.digest)
    for digest in digests { Self.markUsed(content.path(of: digest)) }
  }
}
