import DockerfileSyntax
import OCI

/// An exec vertex in the JSON of a plan.
struct ExecDocument: Encodable {
  var root: Int?
  var platform: String
  var arguments: [String]
  var environment: [String]
  var proxies: [String]?
  var directory: String
  var user: String?
  var network: ExecOperation.Network
  var script: ScriptDocument?
  var mounts: [MountDocument]?
  var hosts: [String: String]?
  var sharedMemorySize: Int64?
  var limits: [LimitDocument]?

  init(_ exec: ExecOperation) {
    root = exec.root?.index
    platform = exec.platform.description
    (arguments, environment) = (exec.arguments, exec.environment)
    let names = exec.proxyEnvironment.map { String($0.prefix { $0 != "=" }) }
    proxies = names.isEmpty ? nil : names
    directory = exec.workingDirectory
    user = exec.user.isEmpty ? nil : exec.user
    network = exec.network
    script = exec.script.map { ScriptDocument(path: $0.path, content: String(decoding: $0.content, as: UTF8.self)) }
    mounts = exec.mounts.isEmpty ? nil : exec.mounts.map(MountDocument.init)
    let surroundings = exec.surroundings
    hosts =
      surroundings.hosts.isEmpty
      ? nil : Dictionary(surroundings.hosts.map { ($0.name, $0.address) }) { _, last in last }
    sharedMemorySize = surroundings.sharedMemorySize
    limits =
      surroundings.limits.isEmpty
      ? nil : surroundings.limits.map { LimitDocument(name: $0.name, soft: $0.soft, hard: $0.hard) }
  }
}

struct ScriptDocument: Encodable {
  var path: String
  var content: String
}

struct LimitDocument: Encodable {
  var name: String
  var soft: Int64
  var hard: Int64
}

struct MountDocument: Encodable {
  var type: String
  var target: String?
  var source: Int?
  var path: String?
  var id: String?
  var sharing: String?
  var variable: String?
  var isReadOnly: Bool?
  var isRequired: Bool?
  var size: Int64?
  /// Octal.
  var mode: String?
  var uid: UInt32?
  var gid: UInt32?

  init(_ mount: ExecMount) {
    type = mount.kind.name
    target = mount.target
    source = mount.source?.index
    switch mount.kind {
    case .bind(let bind): (path, isReadOnly) = (bind.path, bind.isReadOnly)
    case .cache(let cache):
      (id, sharing, isReadOnly) = (cache.id, cache.sharing.rawValue, cache.isReadOnly)
      path = cache.source == nil ? nil : cache.path
      (mode, uid, gid) = (String(cache.mode, radix: 8), cache.uid, cache.gid)
    case .tmpfs(let size): self.size = size
    case .secret(let secret):
      (id, variable, isRequired) = (secret.id, secret.variable, secret.isRequired)
      (mode, uid, gid) = (String(secret.mode, radix: 8), secret.uid, secret.gid)
    case .ssh(let agent):
      (id, isRequired) = (agent.id, agent.isRequired)
      (mode, uid, gid) = (String(agent.mode, radix: 8), agent.uid, agent.gid)
    }
  }
}
