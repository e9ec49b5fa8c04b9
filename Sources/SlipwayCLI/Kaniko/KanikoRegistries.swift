import DockerCommandLine
import HostOS
import OCI
import Slipway
import SystemPackage

/// What kaniko's flags say of registries, as a file of the form of registries.conf.
struct KanikoRegistries {
  /// Nil when they say nothing.
  let file: FilePath?

  /// - Throws: `HostError`, `OCIError`.
  init(_ invocation: DockerInvocation, _ environment: Environment) throws {
    let text = try Self.text(invocation, environment)
    guard !text.isEmpty else {
      file = nil
      return
    }
    let folder = FilePath(environment.nonEmpty("TMPDIR") ?? "/tmp")
    let path = folder.appending("slipway-registries-\(Files.uniqueName()).conf")
    try Files.writeAtomically(Array(text.utf8), to: path, isDurable: false)
    file = path
  }

  func remove() {
    if let file { try? Files.removeTree(file) }
  }

  private static func text(_ invocation: DockerInvocation, _ environment: Environment) throws -> String {
    var insecure = Set(invocation.list("insecure-registry") + invocation.list("skip-tls-verify-registry"))
    if invocation.has("insecure") || invocation.has("skip-tls-verify") {
      for name in invocation.list("destination") { insecure.insert(try ImageReference(parsing: name).registry) }
      if let cache = invocation["cache-repo"], !cache.hasPrefix("oci:") {
        insecure.insert(try ImageReference(parsing: cache).registry)
      }
    }
    if invocation.has("insecure-pull") || invocation.has("skip-tls-verify-pull") { insecure.insert("*") }
    var rules: [String: (location: String?, mirrors: [String])] = [:]
    for host in insecure { rules[host] = (nil, []) }
    for mirror in invocation.list("registry-mirror") { rules["docker.io", default: (nil, [])].mirrors.append(mirror) }
    let map = invocation.list("registry-map").joined(separator: ";") + ";" + (environment["KANIKO_REGISTRY_MAP"] ?? "")
    for pair in map.split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw DockerError("Error: --registry-map \(pair) is not FROM=TO") }
      let from = parts[0] == "index.docker.io" ? "docker.io" : parts[0]
      rules[from, default: (nil, [])].mirrors.append(parts[1])
    }
    guard rules["*"] == nil else {
      throw DockerError("Error: name the registries that speak plain HTTP: --insecure-registry HOST")
    }
    return rules.sorted { $0.key < $1.key }.map { host, rule in
      var text = "[[registry]]\nprefix = \"\(host)\"\nlocation = \"\(rule.location ?? host)\"\n"
      if insecure.contains(host) { text += "insecure = true\n" }
      for mirror in rule.mirrors {
        text += "[[registry.mirror]]\nlocation = \"\(mirror)\"\n"
        if insecure.contains(String(mirror.prefix { $0 != "/" })) { text += "insecure = true\n" }
      }
      return text
    }.joined(separator: "\n")
  }
}
