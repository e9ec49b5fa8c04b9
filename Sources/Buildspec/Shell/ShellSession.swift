public import HostOS
public import SystemPackage

/// Runs the commands of a build one after the other, a shell for each. With version 0.2, folder and variables carry
/// over through two files; everything that is assigned is exported (`set -a`). Functions, aliases, options and traps do
/// not carry over, and what a command assigns that ends with `exit` is lost, as with CodeBuild.
///
/// `@unchecked Sendable`: one command runs at a time, and whoever runs it waits for its end.
public final class ShellSession: @unchecked Sendable {
  /// Marks all processes of a run.
  public static let markName = "SLIPWAY_RUN_ID"

  private let shell: ShellProgram
  private let carriesState: Bool
  private let source: FilePath
  private let state: TemporaryDirectory
  private let base: [String: String]
  private let mark: String
  private let pipe: NotifyingPipe
  private let cancellation: NotifyingPipe
  /// A folder that is on PATH whatever commands make of it.
  public var programs: FilePath?
  /// Variables that are set anew for every command.
  private var assignments: [String: String] = [:]
  private var user: UserIdentity?

  /// - Parameters:
  ///   - source: where commands begin.
  ///   - environment: of the first command; of all with version 0.1.
  ///   - mark: another one for each run.
  /// - Throws: `HostError`.
  public init(
    _ shell: ShellProgram, _ version: Buildspec.Version, source: FilePath, environment: Environment, mark: String
  ) throws {
    self.shell = shell
    carriesState = version == .v0_2
    self.source = source
    self.mark = mark
    var base = environment.variables
    // A shell cannot take them from a file: they say what its options are, and are read-only.
    for name in ["SHELLOPTS", "BASHOPTS", "BASH_ENV", "ENV"] { base[name] = nil }
    base[Self.markName] = mark
    self.base = base
    state = try Self.folder(environment)
    pipe = try NotifyingPipe()
    cancellation = try NotifyingPipe()
  }

  /// In memory where there is such a place, for variables are secrets and files are many.
  private static func folder(_ environment: Environment) throws -> TemporaryDirectory {
    let places = [environment.nonEmpty("XDG_RUNTIME_DIR"), "/dev/shm"].compactMap { $0 }
    for place in places {
      if let folder = try? TemporaryDirectory(prefix: "slipway-run", in: FilePath(place)) { return folder }
    }
    return try TemporaryDirectory(prefix: "slipway-run")
  }

  /// Gives a variable a value for all commands that follow.
  public func set(_ name: String, _ value: String) { assignments[name] = value }

  /// Ends the command that runs, and those that follow at their beginning.
  public var canceller: @Sendable () -> Void { { [cancellation] in cancellation.notify() } }

  // MARK: Commands

  /// Runs a command and hands on what it writes, and what programs in the background write meanwhile. Blocks.
  /// - Throws: `HostError` when there is no shell to run.
  public func run(
    _ command: String, as user: UserIdentity? = nil, output: (UnsafeRawBufferPointer) -> Void
  ) throws -> SessionChild.Ending {
    try change(to: user)
    let script = state.path.appending("script.sh")
    try write(script, text(command))
    var child = SessionChild.Command(
      shell.path, shell.options + [script.string], environment: environment, directory: carriesState ? "/" : source)
    child.user = user
    let process = try SessionChild(child, output: pipe.writeEnd)
    return process.wait(reading: pipe.readEnd, cancellation: cancellation.readEnd, output)
  }

  /// Texts as a shell makes them of a here-document: with variables and `$(…)`, and quotes as they are. What programs
  /// say to their standard error goes to `output`. Blocks.
  /// - Returns: nil when the shell could not make them.
  /// - Throws: `HostError`.
  public func evaluate(_ texts: [String], output: (UnsafeRawBufferPointer) -> Void) throws -> [String]? {
    guard !texts.isEmpty else { return [] }
    try change(to: nil)
    let answer = state.path.appending("answer")
    let end = "SLIPWAY_\(Files.uniqueName())"
    // A backslash at the end would take the line of the end away.
    let lines = texts.map { "cat <<\(end) || exit\n\($0.hasSuffix("\\") ? $0 + "\\" : $0)\n\(end)\nprintf '\\0'\n" }
    let script = "{\n\(lines.joined())} >| \(answer.string.shellQuoted)\n"
    let ending = try runKeeping(script, output: output)
    guard ending.succeeded, let bytes = try? Files.read(answer) else { return nil }
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
    guard parts.count == texts.count else { return nil }
    return parts.map { String(decoding: $0.dropLast(), as: UTF8.self) }
  }

  /// Values of variables as the last command left them; nil for those that are not set. Blocks.
  /// - Throws: `HostError`.
  public func values(of names: [String]) throws -> [String: String] {
    let texts = names.map { "${\($0)+x}${\($0)-}" }
    guard let values = try evaluate(texts, output: { _ in }) else { return [:] }
    var result: [String: String] = [:]
    for (name, value) in zip(names, values) where value.hasPrefix("x") { result[name] = String(value.dropFirst()) }
    return result
  }

  /// All variables as the last command left them. Blocks.
  /// - Throws: `HostError`.
  public func allValues() throws -> [String: String] {
    guard let text = try evaluate(["$(env -0 | tr '\\0\\n' '\\n\\001')"], output: { _ in })?.first else { return base }
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[String(line[..<equals])] = String(line[line.index(after: equals)...]).replacing("\u{1}", with: "\n")
    }
    return values
  }

  /// The folder that the last command left.
  public var folder: FilePath {
    guard carriesState, let bytes = try? Files.read(state.path.appending("dir.txt")) else { return source }
    return FilePath(String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self))
  }

  /// Ends what runs in the background. Blocks.
  public func end() {
    MarkedProcesses.end("\(Self.markName)=\(mark)")
    _ = pipe
  }

  /// Hands on what programs in the background wrote since the last command.
  public func drain(_ output: (UnsafeRawBufferPointer) -> Void) { SessionChild.drain(pipe.readEnd, output) }

  // MARK: Scripts

  /// A script that leaves no trace in the state.
  private func runKeeping(
    _ command: String, output: (UnsafeRawBufferPointer) -> Void
  ) throws -> SessionChild.Ending {
    let script = state.path.appending("evaluate.sh")
    try write(script, prologue + command)
    let child = SessionChild.Command(
      shell.path, shell.options + [script.string], environment: environment, directory: "/")
    return try SessionChild(child, output: pipe.writeEnd)
      .wait(reading: pipe.readEnd, cancellation: cancellation.readEnd, output)
  }

  private func text(_ command: String) -> String {
    guard carriesState else { return "\(assignmentText)\n\(command)\n" }
    return prologue + command + "\n" + epilogue
  }

  /// Three lines, so that messages say line 4 for a command of one line, as they do with CodeBuild.
  private var prologue: String {
    let load = hasState ? ". \(environmentFile.string.shellQuoted)" : ":"
    let parts = [load, assignmentText, programsText].filter { !$0.isEmpty }
    return "cd \(folder.string.shellQuoted)\nset -a\n\(parts.joined(separator: "; "))\n"
  }

  /// Whoever gives PATH a value of his own means the programs of the system, where docker is with CodeBuild.
  private var programsText: String {
    guard hasState, let programs else { return "" }
    let folder = programs.string.shellQuoted
    return "case \":$PATH:\" in *:\(folder):*) ;; *) PATH=\(folder):$PATH ;; esac"
  }

  private var epilogue: String {
    """
    CODEBUILD_LAST_EXIT=$?; export -p >| \(environmentFile.string.shellQuoted); \
    pwd >| \(state.path.appending("dir.txt").string.shellQuoted); exit $CODEBUILD_LAST_EXIT

    """
  }

  private var assignmentText: String {
    assignments.sorted { $0.key < $1.key }.map { "export \($0.key)=\($0.value.shellQuoted)" }.joined(separator: "; ")
  }

  private var environmentFile: FilePath { state.path.appending("env.sh") }
  private var hasState: Bool { carriesState && (try? FileStatus.ifExists(environmentFile)) != nil }

  /// What comes from the file need not be given again, and what was unset there must not.
  private var environment: [String] {
    let hasState = hasState
    return base.compactMap { name, value in
      guard !hasState || !name.isVariableName || name == Self.markName else { return nil }
      return "\(name)=\(value)"
    }
  }

  private func write(_ path: FilePath, _ text: String) throws {
    try Files.withDescriptor(
      path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o600)
    ) { descriptor in
      do { try descriptor.writeAll(Array(text.utf8)) } catch let errno as Errno {
        throw HostError("write", path, errno)
      }
    }
    try Self.own(path, user)
  }

  /// The state belongs to whoever runs the commands.
  private func change(to user: UserIdentity?) throws {
    guard user != self.user else { return }
    assignments["HOME"] = user?.home ?? base["HOME"] ?? "/root"
    assignments["USER"] = user?.name ?? base["USER"] ?? "root"
    self.user = user
    try Self.own(state.path, user)
    for name in try Files.names(in: state.path) { try Self.own(state.path.appending(name), user) }
  }

  private static func own(_ path: FilePath, _ user: UserIdentity?) throws {
    guard UserIdentity.currentID == 0 else { return }
    try Files.setOwner(path, uid: user?.uid ?? 0, gid: user?.gid ?? 0)
  }
}
