import SystemPackage

/// The time from one start of this machine to the next.
public enum Boot {
  /// Some hexadecimal digits that tell it from all others, the same in all containers of a machine. What was not
  /// synchronised in this time can still be relied upon.
  public static let id: String = {
    let bytes = (try? Files.read("/proc/sys/kernel/random/boot_id")) ?? []
    return String(decoding: bytes.prefix(8), as: UTF8.self)
  }()
}
