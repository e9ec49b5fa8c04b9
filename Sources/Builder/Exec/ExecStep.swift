import Archive
import BuildPlanning
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import Sandbox
import SystemPackage

/// Carries out RUN: unpacks what is below, runs the command, and makes a layer of what it changed.
struct ExecStep: Sendable {
  let operation: ExecOperation
  let base: LayerStack
  let store: BuildStore
  let snapshots: Snapshots
  let trees: LayerTrees
  let commit: LayerCommit
  /// Where the command stands in the Dockerfile.
  let annotation: SourceAnnotation?
  var inputs = ExecInputs()
  var isolation = ExecIsolation(.auto)
  /// What imported caches have of cache mounts.
  var caches = CacheMountUse()
  /// What takes longer is killed.
  var timeout: Duration?
  /// Nil when nobody wants to look around where a command failed.
  var failureShell: FailureShell?
  /// What a container has beside what a command of a build has; nil for one of a build.
  var container: ContainerSession?

  /// What determines the result, as far as one can know: the tree below and what the command sees.
  var key: CacheKey {
    CacheKey("exec-3") { key in
      key.add(base.chainID)
      key.add(operation.platform.description)
      key.add(commit)
      key.add(operation.arguments)
      key.add(operation.environment)
      key.add([operation.workingDirectory, operation.user, operation.network.rawValue])
      key.add(operation.script?.content ?? [])
      // Without addresses, which differ from machine to machine, as in BuildKit.
      key.add(operation.surroundings.hosts.map(\.name))
      key.add("\(operation.surroundings.sharedMemorySize ?? 0)")
      key.add(operation.surroundings.limits.map { "\($0.name) \($0.soft) \($0.hard)" })
      operation.addMounts(inputs.sources, to: &key)
      // What every file belongs to one id in is of no use where there are more.
      if (try? store.ownership()) == .single { key.add("one owner") }
    }
  }

  func run(_ step: ProgressStep) async throws -> Layer {
    guard let layer = try await change(step) else {
      throw BuilderError("no-layer", "the command left no layer", at: annotation, exitCode: .defect)
    }
    return layer
  }

  /// - Returns: nil for a container whose changes nobody wants.
  func change(_ step: ProgressStep) async throws -> Layer? {
    if try await choice() == .chroot {
      try container?.checkFolder()
      return try await runInFolder(step)
    }
    let lowers = try await snapshots.materialise(base)
    let tree = try await trees.tree(of: base, name: "the image")
    let folder = try store.makeWorkFolder()
    defer { try? Files.removeTree(folder) }
    let root = RootFilesystem(lowers: lowers, upper: folder.appending("upper"), work: folder.appending("work"))
    try Files.createDirectories(root.upper)
    try Files.createDirectories(root.work)
    let holds = MountHolds()
    defer { holds.release() }
    let mounts = try await MountPreparation(
      operation: operation, inputs: inputs, store: store, snapshots: snapshots, work: folder, step: step, holds: holds,
      caches: caches
    ).prepare()
    let command = try await Blocking.run { try prepare(tree, root, folder, mounts) }
    let owners = try await Blocking.run { try self.owners(of: command) }
    let special = try await Blocking.run { try owners.map { try SpecialOwners($0, tree, lowers: lowers) } }
    try await execute(command, mounts, step) {
      try await Sandbox().run($0, in: root, on: $1, owners: owners, output: $2)
    }
    holds.release()
    if let container, !container.keepsChanges { return nil }
    let layer = try await Blocking.run { try writeLayer(of: root.upper, on: tree, special) }
    try snapshots.adopt(root.upper, as: LayerStack(base.layers + [layer]))
    return layer
  }

  // MARK: Before

  private func choice() async throws -> Isolation {
    if let known = isolation.known { return known }
    let folder = try store.makeWorkFolder()
    defer { try? Files.removeTree(folder) }
    do {
      let choice = try await isolation.choice(in: folder)
      if let warning = try await isolation.warning(in: folder) { snapshots.progress.report(warning) }
      return choice
    } catch let error as SandboxError {
      throw BuilderError(error, at: annotation)
    }
  }

  private func prepare(
    _ tree: StackTree, _ root: RootFilesystem, _ folder: FilePath, _ mounts: PreparedMounts
  ) throws -> SandboxCommand {
    try takeRootAttributes(from: tree, root)
    let command = try command(tree, folder, mounts)
    try makeWorkingDirectory(tree, root)
    return command
  }

  /// - Parameters:
  ///   - folder: for files on the way.
  ///   - unpacked: holds all files of the tree, where there is such a folder.
  func command(
    _ tree: StackTree, _ folder: FilePath, _ mounts: PreparedMounts, unpacked: FilePath? = nil
  ) throws -> SandboxCommand {
    let spool = try SpoolFile(in: folder)
    let users = try UserLookup(tree: tree, store: store, spool: spool, unpacked: unpacked).database
    let (user, home) = try self.user(in: users)
    var command = SandboxCommand(operation.arguments, environment: environment(home: home, mounts))
    command.workingDirectory = FilePath(operation.workingDirectory)
    command.user = user
    command.network = operation.network == .none ? .none : .host
    if let container {
      command.hostName = container.hostName
      command.input = container.input
    }
    command.hosts = hosts(of: command)
    command.sharedMemorySize = operation.surroundings.sharedMemorySize.map { UInt64(max(0, $0)) }
    command.limits = try operation.surroundings.limits.map {
      try SandboxLimit(name: $0.name, soft: $0.soft, hard: $0.hard)
    }
    command.timeout = timeout
    command.mounts = mounts.mounts.map(\.mount) + (container?.mounts ?? [])
    command.resolvConf = operation.network == .none ? [] : (try? Files.read("/etc/resolv.conf")) ?? []
    if let script = operation.script {
      let content = SandboxMount.Source.content(script.content, mode: 0o755, uid: 0, gid: 0)
      command.mounts.append(SandboxMount(content, at: FilePath(script.path)))
    }
    return command
  }

  private func owners(of command: SandboxCommand) throws -> OwnerRecords? {
    try store.ownership() == .recorded ? OwnerRecords(user: command.user) : nil
  }

  /// `/` is what the upper folder is.
  private func takeRootAttributes(from tree: StackTree, _ root: RootFilesystem) throws {
    guard let entry = try tree.entry(at: .root) else { return }
    try store.ownership().setAttributes(of: entry, at: root.upper)
  }

  /// The primary group is a supplementary one, too (CVE-2022-2995). A group that is asked for is the only one.
  private func user(in users: UserDatabase) throws -> (SandboxUser, home: String) {
    let parts = operation.user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let user = try users.user(parts.first.flatMap { $0.isEmpty ? nil : $0 } ?? "0")
    let group = parts.count == 2 && !parts[1].isEmpty ? parts[1] : nil
    let gid = try group.map(users.gid) ?? user.gid
    let memberships = group == nil ? users.supplementaryGroups(of: user.name) : []
    let groups = [gid] + memberships.filter { $0 != gid }
    return (SandboxUser(uid: user.uid, gid: gid, supplementaryGroups: groups), user.home)
  }

  private func hosts(of command: SandboxCommand) -> [UInt8] {
    let usual = ["127.0.0.1\tlocalhost \(command.hostName)", "::1\tlocalhost ip6-localhost ip6-loopback"]
    let added = operation.surroundings.hosts.map { "\($0.address)\t\($0.name)" }
    return (usual + added).flatMap { Array("\($0)\n".utf8) }
  }

  private func environment(home: String, _ mounts: PreparedMounts) -> [String] {
    // An empty HOME is none, as in BuildKit.
    let given = operation.environment.filter { $0 != "HOME=" }
    let hasHome = given.contains { $0.hasPrefix("HOME=") }
    let implied = hasHome ? [] : ["HOME=\(home.isEmpty ? "/" : home)"]
    let replaced = Set(mounts.environment.map { $0.prefix { $0 != "=" } })
    let usual = (given + operation.proxyEnvironment + implied).filter { variable in
      !replaced.contains(variable.prefix { $0 != "=" })
    }
    return usual + mounts.environment
  }

  /// A working folder that is missing is made in the layer. Folders on the way to it that are there already are
  /// repeated in the upper folder with their attributes.
  private func makeWorkingDirectory(_ tree: StackTree, _ root: RootFilesystem) throws {
    guard let written = TreePath(operation.workingDirectory) else { return }
    let path = try tree.resolve(written)
    guard try tree.entry(at: path) == nil else { return }
    for folder in path.ancestors + [path] where !folder.isRoot {
      let target = root.upper.pushing(folder.filePath)
      try Files.createDirectories(target)
      guard let entry = try tree.entry(at: folder) else { continue }
      try store.ownership().setAttributes(of: entry, at: target)
    }
  }

  /// The same in a folder that holds all files.
  func makeWorkingDirectory(_ tree: StackTree, in root: FilePath) throws {
    guard let written = TreePath(operation.workingDirectory) else { return }
    let path = try tree.resolve(written)
    for folder in path.ancestors + [path] where !folder.isRoot {
      let target = root.pushing(folder.filePath)
      guard try FileStatus.ifExists(target) == nil else { continue }
      try Files.createDirectories(target)
    }
  }

  // MARK: The command

  func execute(
    _ command: SandboxCommand, _ mounts: PreparedMounts, _ step: ProgressStep,
    _ run: @escaping @Sendable (SandboxCommand, SandboxTerminal?, @escaping Sandbox.Output) async throws -> ExitStatus
  ) async throws {
    if let container {
      let status = try await run(command, container.terminal, container.output)
      return container.end(status)
    }
    let log = CommandLog(step, hiding: mounts.secrets)
    let failure: BuilderError
    do {
      let status = try await run(command, nil) { log.append($1, $0) }
      log.finish()
      if status.isSuccess { return }
      failure = self.failure(status, log.lastLines)
    } catch let error as SandboxError {
      log.finish()
      guard case .timedOut(let timeout) = error.cause else { throw located(error, mounts) }
      failure = self.failure(after: timeout, log.lastLines)
    }
    await failureShell?.open(insteadOf: command, shell: operation.shell, snapshots.progress) {
      try await run($0, $1) { _, _ in }
    }
    throw failure
  }

  /// What is wrong with a mount is told where the mount is written.
  func located(_ error: SandboxError, _ mounts: PreparedMounts) -> BuilderError {
    if let error = ForeignPlatform(operation.platform).explain(error) { return BuilderError(error, at: annotation) }
    guard case .setUp(let failure) = error.cause, let index = failure.mount, mounts.mounts.indices.contains(index)
    else { return BuilderError(error, at: annotation) }
    return BuilderError(error, at: mounts.mounts[index].place ?? annotation)
  }

  private func failure(_ status: ExitStatus, _ lines: [String]) -> BuilderError {
    let message: String
    var help: [String] = []
    switch status {
    case .exited(let code):
      message = "the command exited with code \(code)"
      switch code {
      case 127: help.append("code 127 means that the shell did not find a program: is it installed in the image?")
      case 126: help.append("code 126 means that a file could not be executed: check its mode and its first line")
      case 137: help.append("code 137 means that a process was killed (SIGKILL), often for want of memory")
      default: break
      }
    case .signaled(let number): message = "the command was ended by signal \(number)"
    }
    help.append("mend the command and build again: the steps before it are kept")
    return BuilderError("run-failed", message, at: annotation, notes: Self.notes(of: lines), help: help)
  }

  private func failure(after timeout: Duration, _ lines: [String]) -> BuilderError {
    BuilderError(
      "run-timed-out", "the command took longer than \(timeout.goText), and was killed with all that it had started",
      at: annotation, notes: Self.notes(of: lines),
      help: ["see what it waits for, or give it more time with --run-timeout", "the steps before it are kept"])
  }

  private static func notes(of lines: [String]) -> [Diagnostic.Note] {
    lines.isEmpty ? [] : [Diagnostic.Note("its last output was:\n\(lines.joined(separator: "\n"))")]
  }

  // MARK: After

  private func writeLayer(of upper: FilePath, on tree: StackTree, _ owners: SpecialOwners?) throws -> Layer {
    var scanner = UpperDirectoryScanner(root: upper)
    if let owners { scanner.recordedOwner = { owners.owner(of: $0, $1, in: upper) } }
    var late = LateFiles(latestTime: commit.latestTime)
    let layer = try commit.write { writer in
      var changes = ChangeWriter(writer, below: tree, latestTime: commit.latestTime)
      try scanner.scan { file in
        late.add(file.entry)
        try changes.append(file.entry, file)
      }
    }
    try late.settle(in: upper)
    return layer
  }
}
