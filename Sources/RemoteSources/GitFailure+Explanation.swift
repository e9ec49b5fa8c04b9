import Diagnostics
import DockerfileSyntax

extension GitFailure {
  /// What went wrong, with a step to take.
  func explained(_ reference: GitReference) -> RemoteSourceError {
    let remote = reference.shownRemote
    if arguments.first == "submodule" { return explainedSubmodule(remote) }
    let cause = Self.causes.first { cause in
      cause.signs.contains { text.contains($0) } && (!cause.isOfSSH || reference.transport == .ssh)
    }
    guard let cause else {
      return RemoteSourceError(
        "git-failed", "git cannot fetch \(remote)", notes: reasons, help: ["try it by hand: git clone \(remote)"])
    }
    return RemoteSourceError(
      cause.code, cause.message.replacing("REMOTE", with: remote), notes: reasons, help: cause.help,
      exitCode: cause.exitCode)
  }

  private func explainedSubmodule(_ remote: String) -> RemoteSourceError {
    let isRefused = text.contains("transport '") && text.contains("not allowed")
    return RemoteSourceError(
      isRefused ? "git-submodule-refused" : "git-submodule-failed",
      "\(remote) has a submodule whose address \(isRefused ? "may not" : "cannot") be fetched", notes: reasons,
      help: ["check the addresses in .gitmodules", "leave submodules out with submodules=false in the URL"])
  }

  /// What git, or a program of its, says, and what that means. `REMOTE` stands for the repository.
  private struct Cause: Sendable {
    var signs: [String]
    var isOfSSH = false
    var code: DiagnosticCode
    var message: String
    var help: [String]
    var exitCode = ExitCode.failure
  }

  /// The first one that fits counts.
  private static let causes: [Cause] = [
    Cause(
      signs: ["cannot run ssh", "ssh: not found"], code: "ssh-missing",
      message: "ssh is needed to fetch REMOTE, and there is none in PATH",
      help: ["install an ssh client, or name the repository by its https address"], exitCode: .unavailable),
    Cause(
      signs: ["Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"], isOfSSH: true,
      code: "git-host-key", message: "the host of REMOTE has another key than before",
      help: ["if that is meant to be, remove the host from known_hosts, of the store or your own"],
      exitCode: .authentication),
    Cause(
      signs: ["Permission denied"], isOfSSH: true, code: "git-denied", message: "REMOTE may not be fetched",
      help: ["start ssh-agent and add the key: ssh-add"], exitCode: .authentication),
    Cause(
      signs: ["could not read Username", "could not read Password", "Authentication failed", "returned error: 403"],
      code: "git-denied", message: "REMOTE may not be fetched, or does not exist",
      help: ["give the build a token for it: --secret id=GIT_AUTH_TOKEN,env=GIT_AUTH_TOKEN", "check the address"],
      exitCode: .authentication),
    Cause(
      signs: [
        "Could not resolve host", "Connection refused", "Connection closed", "Connection timed out",
        "Failed to connect", "unable to connect", "Operation too slow", "returned error: 5", "Network is unreachable",
      ], code: "git-unreachable", message: "REMOTE cannot be reached",
      help: ["check the network, the spelling of the host, and HTTPS_PROXY and NO_PROXY if there is a proxy"],
      exitCode: .unavailable),
    Cause(
      signs: ["not found", "does not appear to be a git repository", "returned error: 404", "not exported"],
      code: "git-missing-repository", message: "there is no git repository REMOTE", help: ["check the address"]),
  ]
}
