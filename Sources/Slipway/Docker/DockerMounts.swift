import DockerfileSyntax
import HostOS
import Sandbox
import SystemPackage

/// `-v`, `--mount` and `--tmpfs` of `docker run`, understood.
struct DockerMounts {
  private(set) var mounts: [SandboxMount] = []

  /// - Throws: `DockerError`, `HostError`.
  init(_ request: DockerRunRequest) throws {
    for text in request.volumes { try addVolume(text) }
    for text in request.mounts { try addMount(text) }
    for text in request.temporaryFolders { try addTemporary(text) }
  }

  /// `SOURCE:TARGET[:OPTIONS]`, or a target alone.
  private mutating func addVolume(_ text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    // A folder of the container's own is one of its files, which go with it.
    if parts.count == 1, text.hasPrefix("/") { return }
    guard parts.count == 2 || parts.count == 3, !parts[0].isEmpty, parts[1].hasPrefix("/") else {
      throw DockerError.container("invalid volume specification: '\(text)'")
    }
    guard parts[0].hasPrefix("/") || parts[0].hasPrefix(".") || parts[0].hasPrefix("~") else {
      throw DockerError.container(
        "there are no volumes, and \(parts[0]) is the name of one: show a folder of this machine, -v /FOLDER:\(parts[1])"
      )
    }
    let options = parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : []
    let known: Set = ["ro", "rw", "z", "Z", "cached", "delegated", "consistent", "rprivate", "rslave", "rshared"]
    for option in options where !known.contains(option) {
      throw DockerError.container("invalid mode: \(option)")
    }
    let source = Self.absolute(parts[0])
    try Self.refuseSocket(source)
    // As docker does.
    if try FileStatus.ifExists(source) == nil { try Files.createDirectories(source) }
    mounts.append(SandboxMount(.bind(source, readOnly: options.contains("ro")), at: FilePath(parts[1])))
  }

  /// A container that wants to speak with the daemon would find nobody.
  private static func refuseSocket(_ path: FilePath) throws {
    guard path.lastComponent == "docker.sock", (try? FileStatus(following: path))?.kind != .socket else { return }
    throw DockerError.container(
      """
      there is no daemon behind \(path): give the tool in the container an archive of the image (docker save) or its \
      name in a registry
      """)
  }

  private static func absolute(_ path: String) -> FilePath {
    let path = FilePath(path)
    guard path.isRelative else { return path.lexicallyNormalized() }
    return FilePath(HostOS.Environment.current["PWD"] ?? "/").pushing(path).lexicallyNormalized()
  }

  private mutating func addMount(_ text: String) throws {
    var fields: [String: String] = [:]
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      fields[pair[0].lowercased()] = pair.count == 2 ? pair[1] : "true"
    }
    func take(_ names: String...) -> String? {
      for name in names {
        if let value = fields.removeValue(forKey: name) { return value }
      }
      return nil
    }
    let type = take("type") ?? "volume"
    let target = take("target", "destination", "dst")
    guard let target, target.hasPrefix("/") else {
      throw DockerError.container("invalid mount config for type \"\(type)\": field Target must not be empty")
    }
    switch type {
    case "bind":
      guard let source = take("source", "src"), !source.isEmpty else {
        throw DockerError.container("invalid mount config for type \"bind\": field Source must not be empty")
      }
      let path = Self.absolute(source)
      guard (try? FileStatus(following: path)) != nil else {
        throw DockerError.container(
          "invalid mount config for type \"bind\": bind source path does not exist: \(path)")
      }
      let isReadOnly = ["true", "1"].contains(take("readonly", "ro") ?? "false")
      _ = (take("consistency"), take("bind-propagation"))
      mounts.append(SandboxMount(.bind(path, readOnly: isReadOnly), at: FilePath(target)))
    case "tmpfs":
      _ = take("tmpfs-mode")
      let size = try take("tmpfs-size").map { try Self.size($0) }
      mounts.append(SandboxMount(.tmpfs(size: size), at: FilePath(target)))
    default:
      throw DockerError.container("there are no mounts of type \"\(type)\" here: write type=bind or type=tmpfs")
    }
    if let unknown = fields.keys.min() { throw DockerError.container("unexpected key '\(unknown)' in '\(text)'") }
  }

  private mutating func addTemporary(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let target = parts.first, target.hasPrefix("/") else {
      throw DockerError.container("invalid tmpfs option \"\(text)\": the path has to be absolute")
    }
    let options = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
    let size = options.first { $0.hasPrefix("size=") }.map { String($0.dropFirst("size=".count)) }
    mounts.append(SandboxMount(.tmpfs(size: try size.map { try Self.size($0) }), at: FilePath(target)))
  }

  private static func size(_ text: String) throws -> UInt64 {
    guard let size = ByteCount(optionText: text), size.rawValue > 0 else {
      throw DockerError.container("invalid size: '\(text)'")
    }
    return UInt64(size.rawValue)
  }
}
