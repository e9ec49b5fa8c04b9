import Diagnostics
import DockerfileSyntax

/// What a stage asks for, for `Outline`.
struct StageOutline {
  struct Argument {
    var value: String?
    var description: String?
    var place: SourceAnnotation
    /// Where the name begins: one ARG may declare several.
    var offset: Int
    /// The variables that its default is made of.
    var dependencies: Set<String> = []
  }

  struct Credential {
    var isRequired: Bool
    var place: SourceAnnotation
  }

  /// Those before the first FROM, and those of the stage.
  var arguments: [String: Argument] = [:]
  private(set) var used: Set<String> = []
  private(set) var secrets: [String: Credential] = [:]
  private(set) var agents: [String: Credential] = [:]

  init(_ globals: GlobalArguments) { arguments = globals.arguments }

  /// Takes note of variables, and of those that their values are made of.
  mutating func use(_ names: some Sequence<String>) {
    for name in names where used.insert(name).inserted { use(arguments[name]?.dependencies ?? []) }
  }

  /// The first mount of an id counts.
  mutating func add(_ mounts: [ExecMount], at place: SourceAnnotation) {
    for mount in mounts {
      switch mount.kind {
      case .secret(let secret) where secrets[secret.id] == nil:
        secrets[secret.id] = Credential(isRequired: secret.isRequired, place: place)
      case .ssh(let agent) where agents[agent.id] == nil:
        agents[agent.id] = Credential(isRequired: agent.isRequired, place: place)
      default: break
      }
    }
  }
}
