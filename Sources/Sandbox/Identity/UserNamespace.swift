import HostOS
import SystemPackage

/// The user namespace that this process is in.
public enum UserNamespace: String, Sendable, Hashable, Codable {
  /// That of the machine, where every id stands for itself.
  case initial
  /// Id 0 is the caller, further ids are mapped to subordinate ones.
  case ranges
  /// Id 0 is the caller, and there is no other id.
  case singleID

  /// Of this process, by `/proc/self/ns/user` and `/proc/self/uid_map`.
  public static let current: UserNamespace = {
    // Where /proc cannot be read, nothing else works either, and that is told when it is tried.
    let name = (try? Files.symbolicLinkTarget("/proc/self/ns/user"))?.string ?? initialName
    let map = (try? Files.read("/proc/self/uid_map")) ?? []
    return UserNamespace(name: name, map: String(decoding: map, as: UTF8.self))
  }()

  /// The kernel gives this number to the first one (`PROC_USER_INIT_INO`). Its map is no sign: root may give the same
  /// map to another one.
  static let initialName = "user:[4026531837]"

  /// - Parameter map: lines of first id inside, first id outside, count (user_namespaces(7)).
  init(name: String, map: String) {
    let counts = map.split(separator: "\n").compactMap { line in
      line.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0) }
    }
    let sum = counts.reduce(UInt64(0)) { $0.addingReportingOverflow($1).partialValue }
    self = name == Self.initialName ? .initial : sum > 1 ? .ranges : .singleID
  }
}
