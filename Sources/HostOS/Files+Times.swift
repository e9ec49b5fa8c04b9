import Glibc
public import SystemPackage

extension Files {
  /// Sets the times of access and modification. Does not follow a symbolic link.
  /// - Throws: `HostError`.
  public static func setTime(_ path: FilePath, _ time: Timestamp) throws {
    let raw = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
    guard path.withPlatformString({ utimensat(AT_FDCWD, $0, [raw, raw], AT_SYMLINK_NOFOLLOW) }) == 0 else {
      throw HostError("set the time of", path, .current)
    }
  }
}
