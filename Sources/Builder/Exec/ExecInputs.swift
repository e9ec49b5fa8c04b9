import BuildPlanning
import SystemPackage

/// What a command gets beside its root file system.
struct ExecInputs: Sendable {
  /// What the operation's mounts show, by their places in its list. Those without a source are left out.
  var sources: [Int: MountSource] = [:]
  /// By ids.
  var secrets: [String: SecretSource] = [:]
  /// Sockets of SSH agents, by ids.
  var agents: [String: FilePath] = [:]
}

extension ExecMount {
  /// Absolute, in the tree that `source` stands for; nil when the mount has no such tree at all.
  var sourcePath: String? {
    switch kind {
    case .bind(let bind): bind.path
    case .cache(let cache): cache.source == nil ? nil : cache.path
    case .tmpfs, .secret, .ssh: nil
    }
  }
}

extension ExecOperation {
  /// Feeds the mounts to a cache key: what they show, and who they are, but never what a cache or a secret holds.
  func addMounts(_ sources: [Int: MountSource], to key: inout CacheKey.Builder) {
    key.add("\(mounts.count)")
    for (index, mount) in mounts.enumerated() {
      key.add(mount.target)
      key.add(mount.kind.words)
      key.add(sources[index] == nil ? "nothing" : "files")
      sources[index]?.add(to: &key)
    }
  }
}

extension ExecMount.Kind {
  /// All that a kind of mount says of itself, beside its source.
  fileprivate var words: [String] {
    switch self {
    case .bind(let bind): ["bind", "\(bind.isReadOnly)"]
    case .cache(let cache):
      ["cache", cache.id, "\(cache.sharing)", "\(cache.isReadOnly)", "\(cache.mode)", "\(cache.uid)", "\(cache.gid)"]
    case .tmpfs(let size): ["tmpfs", "\(size ?? 0)"]
    case .secret(let secret):
      [
        "secret", secret.id, secret.variable ?? "", "\(secret.isRequired)",
        "\(secret.mode) \(secret.uid) \(secret.gid)",
      ]
    case .ssh(let ssh): ["ssh", ssh.id, "\(ssh.isRequired)", "\(ssh.mode)", "\(ssh.uid)", "\(ssh.gid)"]
    }
  }
}
