import Archive
import BuildPlanning
import Diagnostics
import HostOS
import Sandbox
import SystemPackage

/// Secrets and agents: what a build is given, and no layer, key or log may hold.
extension MountPreparation {
  /// Nil when the command gets no file.
  func source(
    of secret: ExecMount.Secret, _ mount: ExecMount, _ prepared: inout PreparedMounts
  ) throws -> SandboxMount.Source? {
    guard let given = inputs.secrets[secret.id] else {
      if secret.isRequired { throw missing(secret) }
      // BuildKit leaves the file out, but sets the variable.
      if let variable = secret.variable { prepared.environment.append("\(variable)=") }
      return nil
    }
    let value = try read(given, secret.id)
    prepared.secrets.append(value)
    if let variable = secret.variable {
      guard let text = String(validating: value, as: UTF8.self), !value.contains(0) else {
        throw BuilderError(
          "secret-not-text", "the secret \(secret.id) cannot be a variable: it is not text",
          help: ["mount it as a file: take env=\(variable) away"])
      }
      prepared.environment.append("\(variable)=\(text)")
    }
    return .content(value, mode: secret.mode & 0o777, uid: secret.uid, gid: secret.gid)
  }

  private func read(_ source: SecretSource, _ id: String) throws -> [UInt8] {
    let value: [UInt8]?
    do { value = try source.read() } catch let error as HostError where error.errno == .fileTooLarge { value = nil }
    guard let value, value.count <= SecretSource.limit else {
      throw BuilderError(
        "secret-too-long", "the secret \(id) is longer than \(SecretSource.limit >> 10) KiB",
        help: ["mount large files from a context of their own: --build-context NAME=FOLDER"])
    }
    return value
  }

  private func missing(_ secret: ExecMount.Secret) -> BuilderError {
    let id = secret.id
    let nearest = Suggestion.nearest(to: id, in: inputs.secrets.keys.sorted())
    return BuilderError(
      "secret-missing", "the command needs the secret \(id), which the build was not given",
      help: (nearest.map { ["did you mean \($0)?"] } ?? [])
        + ["give it: --secret id=\(id),src=FILE, or --secret id=\(id),env=VARIABLE"])
  }

  /// Nil when the command gets no socket.
  func source(
    of ssh: ExecMount.SSH, _ mount: ExecMount, _ index: Int, _ prepared: inout PreparedMounts
  ) throws -> SandboxMount.Source? {
    let variable = "SSH_AUTH_SOCK="
    if !(operation.environment + prepared.environment).contains(where: { $0.hasPrefix(variable) }) {
      prepared.environment.append("\(variable)\(mount.target ?? "")")
    }
    guard let agent = inputs.agents[ssh.id] else {
      guard ssh.isRequired else { return nil }
      throw BuilderError(
        "ssh-agent-missing", "the command needs the SSH agent \(ssh.id), which the build was not given",
        help: ["give it: --ssh \(ssh.id)\(ssh.id == "default" ? "" : "=SOCKET"), with an agent that ssh-add gave a key"]
      )
    }
    try check(agent, ssh.id)
    let folder = work.appending("agent-\(index)")
    try Files.createDirectories(folder)
    let relay: AgentRelay
    do {
      relay = try AgentRelay(to: agent, in: folder, mode: ssh.mode, uid: ssh.uid, gid: ssh.gid)
    } catch let error as HostError where error.errno == .connectionRefused {
      throw BuilderError(
        "ssh-agent-silent", "no SSH agent answers at \(agent)",
        help: ["start one and give it a key: eval $(ssh-agent) && ssh-add"])
    }
    holds.keep(relay)
    return .bind(relay.socket, readOnly: false)
  }

  private func check(_ agent: FilePath, _ id: String) throws {
    switch try FileStatus(following: agent).kind {
    case .socket: return
    case .file:
      throw BuilderError(
        "ssh-key-file", "\(agent) is a file, and only agents can be given to commands",
        help: ["put the key into an agent, ssh-add \(agent), and give that: --ssh \(id)=$SSH_AUTH_SOCK"])
    default:
      throw BuilderError(
        "ssh-agent-no-socket", "\(agent) is no socket of an SSH agent", help: ["give the path in SSH_AUTH_SOCK"])
    }
  }
}

extension Files {
  /// Owner and mode of a tree's entry.
  static func setAttributes(of entry: TreeEntry, at path: FilePath) throws {
    try setOwner(path, uid: entry.uid, gid: entry.gid)
    try setMode(path, entry.mode)
  }
}
