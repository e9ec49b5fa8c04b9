import Builder
import Diagnostics
import HostOS
import SystemPackage

/// One `--secret id=ID[,src=PATH|,env=VARIABLE]` (docker buildx build).
struct SecretOption: Sendable, Hashable {
  static let notFound: DiagnosticCode = "secret-not-found"

  var id: String
  var source: SecretSource

  /// A secret without a source is the variable of its name, if there is one, else the file of its name.
  /// - Throws: `SlipwayError` with the codes `invalid-secret` and `secret-not-found`.
  init(_ text: String, _ environment: Environment) throws {
    var fields: [String: String] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = part.firstIndex(of: "=") else { throw Self.invalid(text, "\"\(part)\" is not KEY=VALUE") }
      let key = part[..<equals].lowercased()
      guard ["type", "id", "src", "source", "env"].contains(key) else {
        let nearest = Suggestion.nearest(to: key, in: ["type", "id", "src", "env"])
        throw Self.invalid(text, "there is no key \"\(key)\"", help: nearest.map { "did you mean \($0)=?" })
      }
      fields[key == "source" ? "src" : key] = String(part[part.index(after: equals)...])
    }
    guard let id = fields["id"], !id.isEmpty else { throw Self.invalid(text, "it has no id=") }
    self.id = id
    switch fields["type"] ?? "" {
    case "", "file": break
    case "env": fields["env"] = fields["env"] ?? fields.removeValue(forKey: "src") ?? id
    case let type: throw Self.invalid(text, "there is no type \"\(type)\"", help: "the types are file and env")
    }
    if let variable = fields["env"] ?? (fields["src"] == nil && environment[id] != nil ? id : nil) {
      guard let value = environment[variable] else {
        throw SlipwayError(
          Self.notFound, "the secret \(id) is to come from the variable \(variable), which is not set",
          help: ["set it and export it, or give a file: --secret id=\(id),src=PATH"])
      }
      source = .bytes(Array(value.utf8))
    } else {
      let path = FilePath(fields["src"] ?? id)
      guard (try? FileStatus(following: path)) != nil else {
        throw SlipwayError(
          Self.notFound, "the secret \(id) is to come from the file \(path), which is not there",
          help: ["name the file: --secret id=\(id),src=PATH, or a variable: --secret id=\(id),env=NAME"])
      }
      source = .file(path)
    }
  }

  private static func invalid(_ text: String, _ reason: String, help: String? = nil) -> SlipwayError {
    SlipwayError(
      "invalid-secret", "--secret \(text) is not usable: \(reason)",
      help: [help ?? "write id=ID,src=PATH or id=ID,env=VARIABLE"])
  }
}

/// One `--ssh default|ID[=SOCKET]` (docker buildx build).
struct AgentOption: Sendable, Hashable {
  var id: String
  var socket: FilePath

  /// - Throws: `SlipwayError` with the codes `invalid-ssh` and `agent-not-found`.
  init(_ text: String, _ environment: Environment) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let id = parts.first, !id.isEmpty else {
      throw SlipwayError("invalid-ssh", "--ssh \(text) has no id", help: ["write --ssh default, or --ssh ID=SOCKET"])
    }
    self.id = id
    guard let path = parts.count == 2 ? parts[1] : environment.nonEmpty("SSH_AUTH_SOCK") else {
      throw SlipwayError(
        "agent-not-found", "there is no SSH agent for --ssh \(text): SSH_AUTH_SOCK is not set",
        help: ["start one with eval $(ssh-agent) and add a key with ssh-add, or name its socket: --ssh \(id)=SOCKET"])
    }
    socket = FilePath(path)
    switch (try? FileStatus(following: socket))?.kind {
    case .socket: break
    case nil:
      throw SlipwayError(
        "agent-not-found", "there is no socket at \(socket) for --ssh \(text)",
        help: ["name the socket of a running agent: --ssh \(id)=$SSH_AUTH_SOCK"])
    default:
      throw SlipwayError(
        "invalid-ssh", "\(socket) of --ssh \(text) is not the socket of an agent",
        help: ["add key files to an agent with ssh-add, and give that: --ssh \(id)"])
    }
  }
}
