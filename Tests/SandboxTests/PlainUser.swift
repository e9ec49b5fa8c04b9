import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

/// A user of this machine for the time of a test, with or without subordinate ids, who can run `SandboxProgram`.
///
/// The tests must run as root to make one.
struct PlainUser: ~Copyable {
  let uid: UInt32
  let gid: UInt32
  let firstSubordinateID: UInt32
  private let directory: TemporaryDirectory
  /// A copy of `SandboxProgram` that everybody can execute.
  let program: FilePath

  var path: FilePath { directory.path }
  var folder: FilePath { directory.path.appending("root") }

  /// With a range of 65,536 or more subordinate ids, the first of which is `firstSubordinateID`.
  static func withRanges(_ body: (borrowing PlainUser) async throws -> Void) async throws {
    try await TestSupport.PlainUser.use { account in
      let first = try ranges(of: account.name).first?.start ?? 0
      try await body(PlainUser(uid: account.uid, gid: account.gid, firstSubordinateID: first))
    }
  }

  private static func ranges(of name: String) throws -> [SubordinateIDs.Range] {
    SubordinateIDs.ranges(in: String(decoding: try Files.read("/etc/subuid"), as: UTF8.self), user: name, uid: 0)
  }

  /// Who is in no file of the machine.
  static func withoutRanges() throws -> PlainUser {
    let id = UInt32.random(in: 50_000..<60_000)
    return try PlainUser(uid: id, gid: id, firstSubordinateID: 0)
  }

  private init(uid: UInt32, gid: UInt32, firstSubordinateID: UInt32) throws {
    let directory = try TemporaryDirectory(prefix: "slipway-plain-user-test")
    let program = directory.path.appending("SandboxProgram")
    // The folder of the build may be one that other users cannot enter.
    let built = try Files.symbolicLinkTarget("/proc/self/exe").removingLastComponent().appending("SandboxProgram")
    try Files.writeAtomically(try Files.read(built, limit: 1 << 30), to: program, permissions: .init(rawValue: 0o755))
    guard chmod(program.string, 0o755) == 0, chmod(directory.path.string, 0o755) == 0,
      chown(directory.path.string, uid, gid) == 0
    else { throw HostError("give away", directory.path, .current) }
    self.uid = uid
    self.gid = gid
    self.firstSubordinateID = firstSubordinateID
    self.directory = directory
    self.program = program
  }

  /// Runs the program as this user.
  func run(_ arguments: [String], variables: [String] = []) async throws -> ChildProcess.Outcome {
    try await ChildProcess("setpriv", commandLine(arguments, variables: variables)).run()
  }

  /// The arguments of setpriv(1) for it.
  func commandLine(_ arguments: [String], variables: [String] = []) -> [String] {
    ["--reuid", "\(uid)", "--regid", "\(gid)", "--clear-groups", "env"] + variables + [program.string] + arguments
  }

  /// Copies the layers of a root to where this user owns them.
  func adopt(_ root: borrowing BusyboxRoot) async throws {
    try await Self.command("cp", ["-a", root.path.string, folder.string])
    try await Self.command("chown", ["-R", "-h", "\(uid):\(gid)", folder.string])
  }

  private static func command(_ name: String, _ arguments: [String]) async throws {
    let outcome = try await ChildProcess(name, arguments).run()
    try #require(outcome.succeeded, "\(name) \(arguments): \(outcome.errorText)")
  }
}
