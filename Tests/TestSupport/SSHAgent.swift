internal import Glibc
internal import HostOS
public import SystemPackage

/// An agent of OpenSSH with one key, whose comment is `a-test-key`.
public struct SSHAgent: Sendable {
  public let socket: FilePath

  /// Starts an agent, calls `body`, and ends it.
  /// - Throws: `TestSupportError` when OpenSSH is not installed, and what `body` throws.
  public static func run<Result>(
    in scratch: Scratch, _ body: (SSHAgent) async throws -> Result
  ) async throws -> Result {
    let agent = SSHAgent(socket: scratch("agent.sock"))
    let key = scratch("key")
    try await Tool.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "a-test-key", "-f", key.string])
    let started = try await Tool.output("ssh-agent", ["-s", "-a", agent.socket.string])
    let words = started.split { $0 == ";" || $0 == "\n" }.first { $0.contains("AGENT_PID=") }
    guard let id = words.flatMap({ pid_t($0.drop { $0 != "=" }.dropFirst()) }) else {
      throw TestSupportError("tool-failed", "ssh-agent did not tell its process", notes: [started])
    }
    defer { kill(id, SIGTERM) }
    try await Tool.run("ssh-add", [key.string], environment: agent.environment)
    return try await body(agent)
  }

  /// The keys that it has, a line each.
  public func keys() async throws -> String { try await Tool.output("ssh-add", ["-l"], environment: environment) }

  private var environment: Environment {
    var environment = Environment.current
    environment.variables["SSH_AUTH_SOCK"] = socket.string
    return environment
  }
}
