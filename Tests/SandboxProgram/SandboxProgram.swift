import Diagnostics
import Glibc
import HostOS
import Sandbox
import SystemPackage

/// Runs one command in a sandbox for the tests that need a process of their own: as a plain user, and to be killed.
///
///     SandboxProgram run FOLDER [user UID GID] [network none] [layers TARGET] [secret TARGET UID] \
///       [limit NAME SOFT HARD] [repeat N] [owners] -- COMMAND…
///     SandboxProgram chroot FOLDER [user UID GID] -- COMMAND…
///     SandboxProgram choose auto|userns|chroot FOLDER
///     SandboxProgram probe FOLDER
///     SandboxProgram where
///     SandboxProgram remove FOLDER
///
/// `choose` tells what commands would run in, as `slipway build` decides it. For `chroot`, `lower` in the folder is the
/// root, and `work` the folder for what is on the way. Otherwise FOLDER holds `lower`, `upper` and `work`; for a mount of layers, which shows `lower/data`, also `changes` and
/// `changes-work`.
@main
enum SandboxProgram {
  static func main() async {
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      // The probe tells what a plain user may do.
      if arguments.first != "probe", let code = try UserNamespace.enterIfNeeded(for: isolation(arguments)) {
        exit(code.rawValue)
      }
      exit(try await perform(arguments))
    } catch {
      write(2, Array("\(error)\n".utf8))
      exit(70)
    }
  }

  private static func isolation(_ arguments: [String]) -> Isolation {
    switch arguments.first {
    case "chroot": .chroot
    case "choose": Isolation(rawValue: arguments[1]) ?? .auto
    default: .auto
    }
  }

  private static func perform(_ arguments: [String]) async throws -> Int32 {
    switch arguments.first {
    case "run": return try await run(Array(arguments.dropFirst()))
    case "chroot": return try await runInFolder(Array(arguments.dropFirst()))
    case "choose": print(try await isolation(arguments).choice(in: FilePath(arguments[2])).rawValue)
    case "where":
      print(UserNamespace.current, UserNamespace.singleIDReason ?? "", getenv("SLIPWAY_USER_NAMESPACE") == nil)
    case "probe":
      let report = try await IsolationProbe(in: FilePath(arguments[1])).run()
      print(report.permitted.map(\.rawValue).joined(separator: ","), report.identities.map { "\($0)" } ?? "none")
      for refusal in report.refusals {
        let errno = refusal.errno.map { "\($0.rawValue)" } ?? ""
        print(refusal.feature, refusal.systemCall, errno, refusal.evidence, refusal.remedies, separator: " | ")
      }
    case "remove": try Files.removeTree(FilePath(arguments[1]))
    default: return 64
    }
    return 0
  }

  private static func run(_ arguments: [String]) async throws -> Int32 {
    let folder = FilePath(arguments[0])
    var options = arguments.dropFirst().prefix { $0 != "--" }
    var command = SandboxCommand(
      Array(arguments.drop { $0 != "--" }.dropFirst()), environment: ["PATH=/bin"])
    var times = 1
    var recordsOwners = false
    while let option = options.popFirst() {
      switch option {
      case "user":
        command.user = SandboxUser(
          uid: UInt32(options.popFirst() ?? "") ?? 0, gid: UInt32(options.popFirst() ?? "") ?? 0)
      case "network": command.network = options.popFirst() == "none" ? .none : .host
      case "layers", "secret":
        command.mounts.append(mount(option, FilePath(options.popFirst() ?? ""), &options, folder))
      case "limit":
        let (name, soft, hard) = (options.popFirst() ?? "", options.popFirst() ?? "", options.popFirst() ?? "")
        command.limits.append(try SandboxLimit(name: name, soft: Int64(soft) ?? 0, hard: Int64(hard) ?? 0))
      case "owners": recordsOwners = true
      case "repeat": times = Int(options.popFirst() ?? "") ?? 1
      default: return 64
      }
    }
    let root = RootFilesystem(
      lowers: [folder.appending("lower")], upper: folder.appending("upper"), work: folder.appending("work"))
    var status: Int32 = 0
    let started = ContinuousClock.now
    for _ in 0..<times {
      let owners = recordsOwners ? try OwnerRecords(user: command.user) : nil
      status = try await Sandbox().run(command, in: root, owners: owners) { stream, bytes in
        write(stream == .standardOutput ? 1 : 2, bytes)
      }.shellCode
    }
    if times > 1 { print((ContinuousClock.now - started) / times) }
    return status
  }

  private static func runInFolder(_ arguments: [String]) async throws -> Int32 {
    let folder = FilePath(arguments[0])
    var command = SandboxCommand(Array(arguments.drop { $0 != "--" }.dropFirst()), environment: ["PATH=/bin"])
    if arguments[1] == "user" {
      command.user = SandboxUser(uid: UInt32(arguments[2]) ?? 0, gid: UInt32(arguments[3]) ?? 0)
    }
    let root = ChrootRoot(folder: folder.appending("lower"), work: folder.appending("work"))
    let remarks: [String]
    do { remarks = try root.furnish(for: command) } catch {
      try root.clear()
      throw error
    }
    write(2, Array(remarks.joined().utf8))
    let status = try await Sandbox().run(command, in: root) { stream, bytes in
      write(stream == .standardOutput ? 1 : 2, bytes)
    }
    try root.clear()
    return status.shellCode
  }

  private static func mount(
    _ kind: String, _ target: FilePath, _ options: inout ArraySlice<String>, _ folder: FilePath
  ) -> SandboxMount {
    if kind == "secret" {
      let uid = UInt32(options.popFirst() ?? "") ?? 0
      return SandboxMount(.content(Array("secret\n".utf8), mode: 0o400, uid: uid, gid: uid), at: target)
    }
    let changes = SandboxLayers.Changes(
      upper: folder.appending("changes"), work: folder.appending("changes-work"))
    return SandboxMount(.layers(.init([folder.appending("lower")], path: "/data", changes: changes)), at: target)
  }

  private static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
