import Archive
import BuildPlanning
import Diagnostics
import HostOS
import OCI
import Sandbox
import Synchronization
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

  /// What determines the result, as far as one can know: the tree below and what the command sees.
  var key: CacheKey {
    CacheKey("exec-2") { key in
      key.add(base.chainID)
      key.add(operation.platform.description)
      key.add(commit)
      key.add(operation.arguments)
      key.add(operation.environment)
      key.add([operation.workingDirectory, operation.user, operation.network.rawValue])
      key.add(operation.script?.content ?? [])
      key.add(operation.surroundings.hosts.map { "\($0.name) \($0.address)" })
    }
  }

  func run(_ step: ProgressStep) async throws -> Layer {
    let lowers = try await snapshots.materialise(base)
    let tree = try await trees.tree(of: base, name: "the image")
    let folder = try store.makeWorkFolder()
    defer { try? Files.removeTree(folder) }
    let root = RootFilesystem(lowers: lowers, upper: folder.appending("upper"), work: folder.appending("work"))
    try Files.createDirectories(root.upper)
    try Files.createDirectories(root.work)
    let command = try await Blocking.run { try prepare(tree, root, folder) }
    try await execute(command, in: root, step)
    let layer = try await Blocking.run { try writeLayer(of: root.upper) }
    try snapshots.adopt(root.upper, as: LayerStack(base.layers + [layer]))
    return layer
  }

  // MARK: Before

  private func prepare(_ tree: StackTree, _ root: RootFilesystem, _ folder: FilePath) throws -> SandboxCommand {
    try takeRootAttributes(from: tree, root)
    let users = try UserLookup(tree: tree, store: store, spool: try SpoolFile(in: folder)).database
    let (user, home) = try self.user(in: users)
    var command = SandboxCommand(operation.arguments, environment: environment(home: home))
    command.workingDirectory = FilePath(operation.workingDirectory)
    command.user = user
    command.network = operation.network == .none ? .none : .host
    command.hosts = Array(
      "127.0.0.1\tlocalhost \(command.hostName)\n::1\tlocalhost ip6-localhost ip6-loopback\n".utf8)
    command.resolvConf = operation.network == .none ? [] : (try? Files.read("/etc/resolv.conf")) ?? []
    if let script = operation.script {
      let content = SandboxMount.Source.content(script.content, mode: 0o755, uid: 0, gid: 0)
      command.mounts.append(SandboxMount(content, at: FilePath(script.path)))
    }
    try makeWorkingDirectory(tree, root)
    return command
  }

  /// `/` is what the upper folder is.
  private func takeRootAttributes(from tree: StackTree, _ root: RootFilesystem) throws {
    guard let entry = try tree.entry(at: .root) else { return }
    try Files.setOwner(root.upper, uid: entry.uid, gid: entry.gid)
    try Files.setMode(root.upper, entry.mode)
  }

  private func user(in users: UserDatabase) throws -> (SandboxUser, home: String) {
    let parts = operation.user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    // Who is nobody in particular has no supplementary groups, whatever the group file says of root.
    if operation.user.isEmpty { return (SandboxUser(uid: 0, gid: 0), try users.user("0").home) }
    let user = try users.user(parts.first.flatMap { $0.isEmpty ? nil : $0 } ?? "0")
    if parts.count == 2, !parts[1].isEmpty {
      return (SandboxUser(uid: user.uid, gid: try users.gid(parts[1])), user.home)
    }
    let groups = users.supplementaryGroups(of: user.name)
    return (SandboxUser(uid: user.uid, gid: user.gid, supplementaryGroups: groups), user.home)
  }

  private func environment(home: String) -> [String] {
    let hasHome = operation.environment.contains { $0.hasPrefix("HOME=") }
    let implied = hasHome ? [] : ["HOME=\(home.isEmpty ? "/" : home)"]
    return operation.environment + operation.proxyEnvironment + implied
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
      try Files.setOwner(target, uid: entry.uid, gid: entry.gid)
      try Files.setMode(target, entry.mode)
    }
  }

  // MARK: The command

  private func execute(_ command: SandboxCommand, in root: RootFilesystem, _ step: ProgressStep) async throws {
    let tail = OutputTail(lineCount: 12)
    let status: ExitStatus
    do {
      status = try await Sandbox().run(command, in: root) { stream, bytes in
        tail.append(bytes)
        step.log(bytes, stream: stream == .standardOutput ? .output : .error)
      }
    } catch let error as SandboxError {
      throw BuilderError(error, at: annotation)
    }
    if status.isSuccess { return }
    throw failure(status, tail.lines)
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
    let notes = lines.isEmpty ? [] : [Diagnostic.Note("its last output was:\n\(lines.joined(separator: "\n"))")]
    return BuilderError("run-failed", message, at: annotation, notes: notes, help: help)
  }

  // MARK: After

  private func writeLayer(of upper: FilePath) throws -> Layer {
    try commit.write { writer in
      try UpperDirectoryScanner(root: upper).scan { file in try writer.append(file) }
    }
  }
}

/// The last lines of a command's output.
private final class OutputTail: Sendable {
  private let lineCount: Int
  private let bytes = Mutex<[UInt8]>([])
  private let byteCount = 8 << 10

  init(lineCount: Int) { self.lineCount = lineCount }

  func append(_ new: [UInt8]) {
    bytes.withLock { bytes in
      bytes += new.suffix(byteCount)
      if bytes.count > 2 * byteCount { bytes.removeFirst(bytes.count - byteCount) }
    }
  }

  var lines: [String] {
    let text = String(decoding: bytes.withLock { $0 }, as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).suffix(lineCount).map(String.init)
  }
}
