import Glibc
import HostOS
import SystemPackage

/// How the ids of a new user namespace stand for those outside (user_namespaces(7)).
enum IDMapping: Sendable, Hashable {
  /// Every id that this process has itself; root may give that.
  case identity(users: String, groups: String)
  /// Id 0 is the caller, the others are subordinate ids; the set-user-id tools of shadow give that.
  case subordinate(SubordinateIDs)
  /// Id 0 is the caller alone, which anybody may do; the reason why there are no more.
  case single(reason: String)

  var reason: String? {
    if case .single(let reason) = self { reason } else { nil }
  }

  /// What to try, the best first; the last one is always a single id.
  static func candidates(for user: UInt32 = geteuid(), _ ids: SubordinateIDs = .ofCurrentUser()) -> [IDMapping] {
    if user == 0 {
      let maps = ["uid", "gid"].map { identityMap(ofMap: text(of: FilePath("/proc/self/\($0)_map"))) }
      return [.identity(users: maps[0], groups: maps[1]), .single(reason: "this root may not map more ids")]
    }
    if ids.users.isEmpty { return [.single(reason: "/etc/subuid has no line for this user")] }
    if ids.groups.isEmpty { return [.single(reason: "/etc/subgid has no line for this user")] }
    return [.subordinate(ids)]
  }

  /// - Throws: `SandboxError`; then the process can only be thrown away.
  func apply(to process: Int32) throws {
    switch self {
    case .identity(let users, let groups):
      try Self.write(users, "uid_map", of: process)
      try Self.write(groups, "gid_map", of: process)
    case .subordinate(let ids):
      try Self.run("newuidmap", process, SubordinateIDs.mapArguments(caller: geteuid(), ids.users))
      try Self.run("newgidmap", process, SubordinateIDs.mapArguments(caller: getegid(), ids.groups))
    case .single:
      try Self.write("deny", "setgroups", of: process)
      try Self.write("0 \(geteuid()) 1", "uid_map", of: process)
      try Self.write("0 \(getegid()) 1", "gid_map", of: process)
    }
  }

  /// Lines of inside, outside, count become lines of inside, inside, count.
  static func identityMap(ofMap map: String) -> String {
    map.split(separator: "\n").compactMap { line in
      let fields = line.split(whereSeparator: \.isWhitespace)
      return fields.count == 3 ? "\(fields[0]) \(fields[0]) \(fields[2])\n" : nil
    }.joined()
  }

  private static func text(of path: FilePath) -> String {
    String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self)
  }

  private static func write(_ text: String, _ name: String, of process: Int32) throws {
    let path = FilePath("/proc/\(process)/\(name)")
    do {
      try Files.withDescriptor(path, .writeOnly) { descriptor in
        _ = try descriptor.writeAll(Array(text.utf8))
      }
    } catch {
      let errno = (error as? HostError)?.errno ?? (error as? Errno) ?? .ioError
      throw SandboxError(
        .setUp(SetUpFailure("map the ids of the user namespace", "write \(name)", errno)), help: Remedy.forNamespaces())
    }
  }

  private static func run(_ tool: String, _ process: Int32, _ arguments: [String]) throws {
    let list = CStringList(([tool, String(process)] + arguments).map { Array($0.utf8) })
    var child: pid_t = 0
    let result = list.pointer.withMemoryRebound(to: UnsafeMutablePointer<CChar>?.self, capacity: arguments.count + 3) {
      posix_spawnp(&child, tool, nil, nil, $0, nil)
    }
    guard result == 0 else {
      throw SandboxError(
        .unavailable("cannot run \(tool): \(Errno(rawValue: result).description.lowercased())"),
        help: ["install the package uidmap (Debian, Ubuntu, Alpine shadow-uidmap) or shadow-utils (Fedora)"])
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, Errno.current == .interrupted {}
    guard status == 0 else {
      throw SandboxError(
        .unavailable("\(tool) could not map the subordinate ids"),
        help: ["check that \(tool) is set-user-id root, and the ranges in /etc/subuid and /etc/subgid"])
    }
  }
}
