import Glibc
import HostOS
import SystemPackage

/// Ids that the machine lends to a user, by `/etc/subuid` and `/etc/subgid` (subuid(5), subgid(5)).
struct SubordinateIDs: Sendable, Hashable {
  struct Range: Sendable, Hashable {
    var start: UInt32
    var count: UInt32
  }

  var users: [Range]
  var groups: [Range]

  /// Of the user that runs this process; reading stops at no error, a missing file has no ranges.
  static func ofCurrentUser() -> SubordinateIDs {
    let uid = getuid()
    let name = getpwuid(uid).flatMap { $0.pointee.pw_name }.map { String(cString: $0) }
    return SubordinateIDs(
      users: ranges(in: text(of: "/etc/subuid"), user: name, uid: uid),
      groups: ranges(in: text(of: "/etc/subgid"), user: name, uid: uid))
  }

  /// - Parameter text: lines of `name:start:count`, where the name may be a number. Others are left out.
  static func ranges(in text: String, user: String?, uid: UInt32) -> [Range] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count == 3, fields[0] == String(uid) || user.map({ fields[0] == $0 }) == true else { return nil }
      guard let start = UInt32(fields[1]), let count = UInt32(fields[2]), count > 0 else { return nil }
      return start.addingReportingOverflow(count).overflow ? nil : Range(start: start, count: count)
    }
  }

  /// The arguments of newuidmap(1) or newgidmap(1) behind the process id: id 0 is the caller, the ranges follow.
  static func mapArguments(caller: UInt32, _ ranges: [Range]) -> [String] {
    var arguments = ["0", String(caller), "1"]
    var next: UInt32 = 1
    for range in ranges {
      let (end, overflow) = next.addingReportingOverflow(range.count)
      guard !overflow else { break }
      arguments += [String(next), String(range.start), String(range.count)]
      next = end
    }
    return arguments
  }

  private static func text(of path: FilePath) -> String {
    String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self)
  }
}
