import CSandbox
import Glibc
public import HostOS

extension ChrootRoot {
  /// When a file or folder was made; nil where the file system does not tell.
  /// - Parameter path: its bytes, which spares walks the making of many a `FilePath`.
  public static func birthTime(of path: [UInt8]) -> Timestamp? {
    var seconds: Int64 = 0
    var nanoseconds: UInt32 = 0
    let isKnown = csandbox_birth_time(path.map(CChar.init(bitPattern:)) + [0], &seconds, &nanoseconds)
    return isKnown == 1 ? Timestamp(seconds: seconds, nanoseconds: nanoseconds) : nil
  }

  /// Waits until a change of a file would get a later time than the given one: the kernel's clock for that moves some
  /// hundred times a second. Times in the future are not waited for. Blocks.
  public static func waitForClock(after time: Timestamp) {
    for _ in 0..<50 {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME_COARSE, &now)
      if Timestamp(seconds: Int64(now.tv_sec), nanoseconds: UInt32(clamping: now.tv_nsec)) > time { return }
      usleep(1000)
    }
  }
}
