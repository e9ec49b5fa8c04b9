import DockerfileSyntax

/// Mounts as plans show them.
extension ExecMount {
  var summary: String {
    let place = target.map { " at \($0)" } ?? ""
    return "mount \(kind.name)\(place)" + kind.details.map { " \($0)" }.joined()
  }
}

extension ExecMount.Kind {
  var name: String {
    switch self {
    case .bind: "bind"
    case .cache: "cache"
    case .tmpfs: "tmpfs"
    case .secret: "secret"
    case .ssh: "ssh"
    }
  }

  fileprivate var details: [String] {
    func owner(_ mode: UInt16, _ uid: UInt32, _ gid: UInt32) -> String {
      "mode \(String(mode, radix: 8)) owner \(uid):\(gid)"
    }
    switch self {
    case .bind(let bind):
      return ["of \(bind.source?.description ?? "nothing") \(GoFormat.quoted(bind.path))"]
        + (bind.isReadOnly ? [] : ["writable"])
    case .cache(let cache):
      let origin = cache.source.map { ["from \($0) \(GoFormat.quoted(cache.path))"] } ?? []
      return ["\(GoFormat.quoted(cache.id)) \(cache.sharing.rawValue)"] + origin
        + [owner(cache.mode, cache.uid, cache.gid)] + (cache.isReadOnly ? ["read-only"] : [])
    case .tmpfs(let size): return size.map { ["size \($0)"] } ?? []
    case .secret(let secret):
      return [GoFormat.quoted(secret.id)] + (secret.variable.map { ["in \($0)"] } ?? [])
        + (secret.isRequired ? ["required"] : []) + [owner(secret.mode, secret.uid, secret.gid)]
    case .ssh(let agent):
      return [GoFormat.quoted(agent.id)] + (agent.isRequired ? ["required"] : [])
        + [owner(agent.mode, agent.uid, agent.gid)]
    }
  }
}
