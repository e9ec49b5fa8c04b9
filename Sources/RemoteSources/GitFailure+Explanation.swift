import Diagnostics
import DockerfileSyntax

extension GitFailure {
  /// What went wrong, with a step to take.
  func explained(_ reference: GitReference) -> RemoteSourceError {
    let remote = reference.shownRemote
    let has: (String...) -> Bool = { parts in parts.contains { text.contains($0) } }
    if arguments.first == "submodule" {
      let isRefused = text.contains("transport '") && text.contains("not allowed")
      return error(
        isRefused ? "git-submodule-refused" : "git-submodule-failed",
        "\(remote) has a submodule whose address \(isRefused ? "may not" : "cannot") be fetched",
        ["check the addresses in .gitmodules", "leave submodules out with submodules=false in the URL"], .failure)
    }
    if has("cannot run ssh", "ssh: not found") {
      return error(
        "ssh-missing", "ssh is needed to fetch \(remote), and there is none in PATH",
        ["install an ssh client, or name the repository by its https address"], .unavailable)
    }
    if reference.transport == .ssh, has("Permission denied", "Could not read from remote repository") {
      if has("REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed") {
        return error(
          "git-host-key", "the host of \(remote) has another key than before",
          ["if that is meant to be, remove the host from known_hosts, of the store or your own"], .authentication)
      }
      if has("Permission denied") {
        return error(
          "git-denied", "\(remote) may not be fetched", ["start ssh-agent and add the key: ssh-add"], .authentication)
      }
    }
    if has("could not read Username", "could not read Password", "Authentication failed", "returned error: 403") {
      return error(
        "git-denied", "\(remote) may not be fetched, or does not exist",
        ["give the build a token for it: --secret id=GIT_AUTH_TOKEN,env=GIT_AUTH_TOKEN", "check the address"],
        .authentication)
    }
    if has("not found", "does not appear to be a git repository", "returned error: 404", "not exported") {
      return error("git-missing-repository", "there is no git repository \(remote)", ["check the address"], .failure)
    }
    if has(
      "Could not resolve host", "Connection refused", "Connection closed", "Connection timed out", "Failed to connect",
      "unable to connect",
      "Operation too slow", "returned error: 5", "Network is unreachable")
    {
      return error(
        "git-unreachable", "\(remote) cannot be reached",
        ["check the network, the spelling of the host, and HTTPS_PROXY and NO_PROXY if there is a proxy"], .unavailable)
    }
    return error("git-failed", "git cannot fetch \(remote)", ["try it by hand: git clone \(remote)"], .failure)
  }

  private func error(
    _ code: DiagnosticCode, _ message: String, _ help: [String], _ exitCode: ExitCode
  ) -> RemoteSourceError {
    RemoteSourceError(code, message, notes: reasons, help: help, exitCode: exitCode)
  }
}
