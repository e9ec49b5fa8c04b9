internal import Glibc
public import HostOS
public import SystemPackage

/// A user without any right but a range of subordinate ids, made for one test when that runs as root.
///
/// Where the tests themselves run as a plain user, it is that one.
public struct PlainUser: Sendable {
  public let name: String
  public let uid: UInt32
  public let gid: UInt32
  /// A folder of its own, also for temporary files.
  public let home: FilePath
  private let isCurrent: Bool

  /// Makes a user, calls `body`, ends what still runs as that user, and removes the user and the home folder.
  /// - Parameter subordinateIDs: how many; none when 0.
  /// - Throws: `TestSupportError` when a tool is missing or fails, and what `body` throws.
  public static func use<Result>(
    subordinateIDs: Int = 65_536, _ body: (PlainUser) async throws -> Result
  ) async throws -> Result {
    try await Scratch.use("user") { scratch in
      guard getuid() == 0 else {
        let name = try await Tool.output("id", ["-un"])
        for folder in ["tmp", "run"] {
          try Files.createDirectories(
            scratch(folder), permissions: FilePermissions(rawValue: 0o700))
        }
        return try await body(
          PlainUser(name: name, uid: getuid(), gid: getgid(), home: scratch.path, isCurrent: true))
      }
      let name = "slipway-\(Files.uniqueName().prefix(10))"
      let home = scratch("home")
      try await Tool.run("sh", ["-c", Self.make, "sh", name, home.string, String(subordinateIDs)])
      let result: Swift.Result<Result, any Error>
      do {
        let ids = try await Tool.output("id", ["-u", name])
        guard let uid = UInt32(ids) else {
          throw TestSupportError("user-failed", "\(name) has no id")
        }
        let gid = UInt32(try await Tool.output("id", ["-g", name])) ?? uid
        result = .success(
          try await body(PlainUser(name: name, uid: uid, gid: gid, home: home, isCurrent: false)))
      } catch { result = .failure(error) }
      // In a task of its own, because this one may be cancelled and the user must go all the same.
      let removal = Task { try await Tool.run("sh", ["-c", Self.remove, "sh", name, home.string]) }
      _ = try await removal.value
      return try result.get()
    }
  }

  /// Runs a program as the user, with an environment that has the user's name, home and temporary folder.
  /// - Throws: `TestSupportError` when setpriv is missing; how the program ends is in the outcome.
  public func run(
    _ program: String, _ arguments: [String] = [], environment: Environment = [:],
    in folder: FilePath? = nil
  ) async throws -> ChildProcess.Outcome {
    var variables = environment.variables
    variables["HOME"] = home.string
    variables["TMPDIR"] = home.appending("tmp").string
    variables["XDG_RUNTIME_DIR"] = home.appending("run").string
    variables["USER"] = name
    variables["LOGNAME"] = name
    variables["PATH"] = variables["PATH"] ?? Environment.current["PATH"] ?? "/usr/bin:/bin"
    let privileges = [
      "--reuid", String(uid), "--regid", String(gid), "--clear-groups", "--inh-caps=-all", "--",
    ]
    let command = isCurrent ? [program] : ["setpriv"] + privileges + [program]
    return try await Tool.attempt(
      command[0], command.dropFirst() + arguments, environment: Environment(variables),
      in: folder ?? home)
  }

  // Tests run side by side, in several checkouts perhaps: the files of users and ranges are changed under one lock,
  // and a range begins behind all that are given away.
  private static let make = """
    set -eu
    umask 022
    exec 9>/run/lock/slipway-test-users
    flock 9
    PATH=$PATH:/usr/sbin:/sbin
    touch /etc/subuid /etc/subgid
    useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 --no-create-home --home-dir "$2" --shell /bin/sh --user-group "$1"
    if [ "$3" -gt 0 ]; then
      first=$(awk -F: 'BEGIN { first = 100000 } $2 + $3 > first { first = $2 + $3 } END { printf "%.0f", first }' /etc/subuid /etc/subgid)
      last=$((first + $3 - 1))
      usermod --add-subuids "$first-$last" --add-subgids "$first-$last" "$1"
    fi
    mkdir "$2" "$2/tmp"
    mkdir -m 700 "$2/run"
    chown -R "$1:" "$2"
    """

  // The ids of a user who is gone may be given away again, so nothing may be left that has them.
  private static let remove = """
    set -eu
    exec 9>/run/lock/slipway-test-users
    flock 9
    PATH=$PATH:/usr/sbin:/sbin
    pkill -KILL -u "$1" || true
    rm -rf "$2"
    userdel --force "$1" 2>/dev/null
    """
}
