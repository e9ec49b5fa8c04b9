import Glibc

/// A user of this machine with its groups.
public struct UserIdentity: Sendable, Hashable {
  public var name: String
  public var uid: UInt32
  public var gid: UInt32
  public var groups: [UInt32]
  public var home: String

  /// By the name or the number of a user; nil for nobody that is known.
  public init?(named name: String) {
    var entry = passwd()
    var buffer = [CChar](repeating: 0, count: 16 << 10)
    var found: UnsafeMutablePointer<passwd>?
    if let number = UInt32(name) {
      getpwuid_r(number, &entry, &buffer, buffer.count, &found)
    } else {
      getpwnam_r(name, &entry, &buffer, buffer.count, &found)
    }
    guard let found = found?.pointee, let user = found.pw_name else { return nil }
    self.name = String(cString: user)
    uid = found.pw_uid
    gid = found.pw_gid
    home = found.pw_dir.map { String(cString: $0) } ?? "/"
    var count: Int32 = 256
    var list = [gid_t](repeating: 0, count: Int(count))
    guard getgrouplist(user, found.pw_gid, &list, &count) >= 0 else { return nil }
    groups = list.prefix(Int(count)).map { UInt32($0) }
  }

  /// The effective user of this process.
  public static var currentID: UInt32 { geteuid() }
}
