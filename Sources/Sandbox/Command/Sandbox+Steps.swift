import CSandbox
import SystemPackage

extension Sandbox {
  /// All that a child does for a command, in order: the root file system, what Docker shows in it, what the command
  /// asks for, and the command.
  static func steps(
    for command: SandboxCommand, in root: RootFilesystem, userAttributes: Bool, owners: OwnerRecords? = nil
  ) throws(SandboxError) -> [Step] {
    var steps: [Step] = [.privateMounts]
    steps += Step.overlay(root, userAttributes: userAttributes)
    steps += processSteps + deviceSteps(sharedMemorySize: command.sharedMemorySize) + systemSteps
    steps += contentSteps(of: command)
    for (index, mount) in command.mounts.enumerated() {
      steps += Self.steps(for: mount, userAttributes: userAttributes).map { step in step.with { $0.mount = index } }
    }
    // Podman's seccomp filter refuses to set the name, though the namespace is ours.
    steps.append(.hostName(command.hostName).optional)
    if command.network == .none { steps.append(.loopback) }
    steps += [.sessionKeyring.optional, .ownControlGroups.optional, .enterRoot, .umask(0o022)]
    steps += [owners.map(Step.forkRecording) ?? .fork, .session]
    if command.hasTerminal { steps.append(.terminal) }
    // Identities are written down in the limit on locks, which has no other effect.
    steps += command.limits.filter { owners == nil || $0.name != "locks" }.map(Step.limit)
    steps.append(.workingDirectory(command.workingDirectory))
    if owners == nil {
      steps += try restrictions(of: command, permitting: .container)
    } else {
      // For the kernel the command is root; whom it takes itself for is in the records.
      steps += [.recordOwners] + (try filter(permitting: .container))
      steps += [.boundingSet(.container), .capabilities(.container)]
    }
    steps.append(.execute(candidates(for: command), command.arguments, environment: command.environment))
    return steps
  }

  /// What a command may not do, and whom it runs as. The filter comes first, since it takes CAP_SYS_ADMIN to install it
  /// without forbidding setuid programs; it permits what follows.
  static func restrictions(
    of command: SandboxCommand, permitting capabilities: Capabilities
  ) throws(SandboxError) -> [Step] {
    try filter(permitting: capabilities) + [
      .boundingSet(capabilities), .credentials(command.user),
      .capabilities(command.user.uid == 0 ? capabilities : []),
    ]
  }

  private static func filter(permitting capabilities: Capabilities) throws(SandboxError) -> [Step] {
    SystemCallFilter.isPermitted ? [.filter(try SystemCallFilter.program(for: capabilities))] : []
  }

  static func namespaces(for network: SandboxCommand.Network) -> UInt64 {
    let common = csandbox_NEWNS | csandbox_NEWPID | csandbox_NEWIPC | csandbox_NEWUTS
    return network == .none ? common | csandbox_NEWNET : common
  }

  /// Where a program is looked for: like execvp(3), with Docker's PATH where the command has none.
  static func candidates(for command: SandboxCommand) -> [FilePath] {
    guard let name = command.arguments.first, !name.isEmpty else { return [] }
    if name.contains("/") { return [FilePath(name)] }
    let variable = command.environment.last { $0.hasPrefix("PATH=") }
    let path =
      variable.map { $0.dropFirst("PATH=".count) } ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return path.split(separator: ":", omittingEmptySubsequences: false).map { folder in
      FilePath(folder.isEmpty ? "." : String(folder)).appending(name)
    }
  }

  private static let inert = csandbox_NOSUID | csandbox_NODEV | csandbox_NOEXEC

  private static var processSteps: [Step] {
    let hidden = [
      "acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list",
    ]
    let protected = ["bus", "fs", "irq", "sys", "sysrq-trigger"]
    return mountingProc
      + hidden.map { .mask(FilePath("/proc/\($0)")) } + protected.map { .readOnly(FilePath("/proc/\($0)")) }
  }

  /// In a container whose /proc is partly hidden, the kernel refuses a user namespace a /proc of its own: then the
  /// container's is shown. Its /proc/self is right, and it shows the container's processes, not those of the machine.
  static var mountingProc: [Step] {
    let own = Step.mount("proc", on: "/proc", flags: inert)
    return UserNamespace.current == .initial ? [own] : [own.elseNext, .bind("/proc", on: "/proc")]
  }

  private static func deviceSteps(sharedMemorySize: UInt64?) -> [Step] {
    let terminals = "newinstance,ptmxmode=0666,mode=0620"
    var steps: [Step] = [
      .mount("tmpfs", on: "/dev", flags: csandbox_NOSUID | csandbox_NODEV, options: "mode=755,size=65536k")
    ]
    steps += ["null", "zero", "full", "random", "urandom", "tty"].map { .device(FilePath("/dev/\($0)")) }
    steps += [
      // Group tty is not mapped where there is one id only.
      .mount("devpts", on: "/dev/pts", flags: inert & ~csandbox_NODEV, options: terminals + ",gid=5").elseNext,
      .mount("devpts", on: "/dev/pts", flags: inert & ~csandbox_NODEV, options: terminals),
      .symbolicLink("/dev/ptmx", saying: "pts/ptmx"),
      .symbolicLink("/dev/fd", saying: "/proc/self/fd"),
      .symbolicLink("/dev/stdin", saying: "/proc/self/fd/0"),
      .symbolicLink("/dev/stdout", saying: "/proc/self/fd/1"),
      .symbolicLink("/dev/stderr", saying: "/proc/self/fd/2"),
      .symbolicLink("/dev/core", saying: "/proc/kcore"),
      .mount("tmpfs", on: "/dev/shm", flags: inert, options: "mode=1777,size=\(sharedMemorySize ?? 64 << 20)"),
      .mount("mqueue", on: "/dev/mqueue", flags: inert).optional,
    ]
    return steps
  }

  private static var systemSteps: [Step] {
    [
      // A user namespace that does not own its network may not mount it, but may show the host's.
      .mount("sysfs", on: "/sys", flags: inert | csandbox_RDONLY).elseNext,
      .bind("/sys", on: "/sys", readOnly: true),
      .mask("/sys/firmware"),
      .mask("/sys/devices/virtual/powercap"),
    ]
  }

  private static func contentSteps(of command: SandboxCommand) -> [Step] {
    [(command.resolvConf, "/etc/resolv.conf"), (command.hosts, "/etc/hosts")].compactMap { content, target in
      content.map { .content($0, on: FilePath(target), mode: 0o644, readOnly: false) }
    }
  }

  private static func steps(for mount: SandboxMount, userAttributes: Bool) -> [Step] {
    switch mount.source {
    case .bind(let source, let readOnly): return [.bind(source, on: mount.target, readOnly: readOnly)]
    case .layers(let layers): return Step.layers(layers, on: mount.target, userAttributes: userAttributes)
    case .tmpfs(let size):
      let step = Step.mount(
        "tmpfs", on: mount.target, flags: csandbox_NOSUID | csandbox_NODEV, options: size.map { "size=\($0)" })
      return [step.with { $0.flags |= CSANDBOX_KEEP_MODE }]
    case .content(let bytes, let mode, let uid, let gid):
      let step = Step.content(bytes, on: mount.target, mode: mode & 0o7777, readOnly: true)
      // Where there is one id only, every file belongs to it.
      guard UserNamespace.current != .singleID else { return [step] }
      return [
        step.with {
          $0.uid = uid
          $0.gid = gid
        }
      ]
    }
  }
}
