import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage

/// Runs git so that neither the user's settings nor what a repository brings decide what comes out: no hooks, no
/// prompts, no transports but those of references, files with the modes 0644 and 0755.
struct GitCommand: Sendable {
  /// The folder that holds `settings` and `known_hosts`.
  let folder: FilePath
  /// Of the user, of which little is passed on.
  let environment: Environment
  /// `Authorization`, and the addresses below which it is sent.
  var authorization: (value: String, scope: String)?
  var timeout: Duration
  /// Whether no server may be spoken to.
  var isOffline = false
  /// Gets what git says beside its answer.
  var log: @Sendable (String) -> Void = { _ in }

  /// Settings that stand in the place of the user's own. A repository cannot change what is set here, except for paths
  /// of its own work tree by attributes, which name nothing that is set.
  private static let settings = """
    [advice]
    \tdetachedHead = false
    [core]
    \tattributesFile = /dev/null
    \texcludesFile = /dev/null
    \tfsmonitor = false
    \thooksPath = /dev/null
    [gc]
    \tauto = 0
    [http]
    \tlowSpeedLimit = 1
    \tlowSpeedTime = 120
    [init]
    \tdefaultBranch = master
    [maintenance]
    \tauto = false
    [safe]
    \tdirectory = *
    [uploadpack]
    \tallowAnySHA1InWant = true

    """

  private var settingsPath: FilePath { folder.appending("settings") }

  /// - Throws: `HostError`.
  func prepare() throws {
    try Files.createDirectories(folder)
    let bytes = Array(Self.settings.utf8)
    if (try? Files.read(settingsPath)) != bytes { try Files.writeAtomically(bytes, to: settingsPath) }
  }

  /// Where git may fetch from.
  enum Transports: String {
    case none = ""
    /// Repositories of this machine.
    case files = "file"
    /// Submodules may not reach into the file systems of this machine.
    case servers = "http:https:git:ssh"
  }

  /// - Returns: the standard output of a command that succeeded.
  /// - Throws: `GitFailure` when git says no, `RemoteSourceError` when it cannot be run or takes too long, `HostError`.
  @discardableResult
  func run(_ arguments: [String], in workingDirectory: FilePath, by transports: Transports = .servers) async throws
    -> String
  {
    var process = ChildProcess(
      "/bin/sh", ["-c", #"umask 022; exec git "$@""#, "git"] + arguments,
      environment: variables(isOffline && transports == .servers ? .none : transports),
      workingDirectory: workingDirectory)
    process.outputLimit = 64 << 20
    let outcome = try await withDeadline(process, arguments)
    try Task.checkCancellation()
    if outcome.status == 127 {
      throw RemoteSourceError(
        "git-missing", "git is needed to fetch a repository, and there is none in PATH",
        help: ["install git, or fetch the repository before the build and COPY it"], exitCode: .unavailable)
    }
    guard outcome.succeeded else { throw GitFailure(arguments: arguments, text: outcome.errorText) }
    // What a failure says belongs to whoever handles it: some are questions that got a no for an answer.
    for line in outcome.errorText.split(separator: "\n") { log(String(line)) }
    return outcome.outputText
  }

  private func withDeadline(_ process: ChildProcess, _ arguments: [String]) async throws -> ChildProcess.Outcome {
    let timeout = timeout
    return try await withThrowingTaskGroup(of: ChildProcess.Outcome.self) { group in
      group.addTask { try await process.run() }
      group.addTask {
        try await Task.sleep(for: timeout)
        throw RemoteSourceError(
          "git-timeout", "git \(arguments.first ?? "") took more than \(timeout.components.seconds) seconds",
          help: ["check the network, and that the server answers"], exitCode: .unavailable)
      }
      defer { group.cancelAll() }
      guard let outcome = try await group.next() else { throw CancellationError() }
      return outcome
    }
  }

  private func variables(_ transports: Transports) -> Environment {
    var variables = [
      "PATH": environment.nonEmpty("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
      "HOME": "/dev/null", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_ATTR_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": settingsPath.string, "GIT_SSH_COMMAND": secureShell,
      "GIT_ALLOW_PROTOCOL": transports.rawValue,
    ]
    let passedOn = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"]
    for name in passedOn + passedOn.map({ $0.lowercased() }) + ["SSH_AUTH_SOCK"] {
      variables[name] = environment[name]
    }
    variables["GIT_SSL_CAINFO"] = environment.nonEmpty("SSL_CERT_FILE")
    if let authorization {
      // Not an argument: those of a process can be read by everybody.
      variables["GIT_CONFIG_COUNT"] = "1"
      variables["GIT_CONFIG_KEY_0"] = "http.\(authorization.scope).extraHeader"
      variables["GIT_CONFIG_VALUE_0"] = "Authorization: \(authorization.value)"
    }
    return Environment(variables)
  }

  /// A host that is met for the first time is trusted and remembered; one with another key than before is refused.
  private var secureShell: String {
    let hosts = folder.appending("known_hosts").string.replacing("'", with: #"'\''"#)
    return "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30"
      + " -o StrictHostKeyChecking=accept-new -o 'UserKnownHostsFile=\"\(hosts)\" ~/.ssh/known_hosts'"
  }
}

/// A command of git that ended with an error.
struct GitFailure: Error {
  var arguments: [String]
  /// What git wrote to its standard error.
  var text: String

  /// The lines that say what is wrong.
  var reasons: [String] {
    let lines = text.split(separator: "\n").map(String.init)
    let marked = lines.filter { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") || $0.hasPrefix("ERROR: ") }
    return Array((marked.isEmpty ? lines : marked).suffix(5))
  }

  /// The server speaks a protocol that knows only whole histories.
  var isWithoutDepth: Bool { text.contains("--depth") || text.contains("shallow") }

  /// The server gives only what a branch or a tag stands for.
  var isUnadvertised: Bool { text.contains("not our ref") || text.contains("unadvertised object") }
}
