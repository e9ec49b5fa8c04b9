import Archive
import HostOS
import OCI
import SystemPackage

/// What a builder made of a Dockerfile, as far as builders have to agree: not digests, not the times of a build.
struct BuildRecord: Sendable, Hashable, Codable {
  /// Whether the build failed, and then there is nothing else; messages are everybody's own.
  var failed = false
  /// Settings by their names: `config Env`, `history 3`, `architecture`.
  var settings: [String: String] = [:]
  /// What stands at each path.
  var files: [String: String] = [:]

  static let failure = BuildRecord(failed: true)

  init(failed: Bool = false, settings: [String: String] = [:], files: [String: String] = [:]) {
    self.failed = failed
    self.settings = settings
    self.files = files
  }

  /// - Parameter tar: the files of the image; empty for none.
  init(_ config: ImageConfig, files tar: FilePath) throws {
    settings = try Self.settings(of: config)
    files = try Self.files(in: tar)
  }

  /// What differs, by setting (`config Env`) or path (`/etc/passwd`); `outcome` when one of two fails.
  static func differences(_ reference: BuildRecord, _ ours: BuildRecord) -> [String: String] {
    if reference.failed != ours.failed {
      return ["outcome": reference.failed ? "only the reference fails" : "only ours fails"]
    }
    return differences(reference.settings, ours.settings)
      .merging(differences(reference.files, ours.files)) { first, _ in first }
  }

  private static func differences(_ reference: [String: String], _ ours: [String: String]) -> [String: String] {
    var found: [String: String] = [:]
    for key in Set(reference.keys).union(ours.keys) where reference[key] != ours[key] {
      found[key] = "reference \(reference[key] ?? "nothing"), ours \(ours[key] ?? "nothing")"
    }
    return found
  }

  /// The same with only those files that the base image has otherwise, and without the machine's architecture: a
  /// recording must not depend on the packages and the machine that the base image was made of.
  func relative(to base: BuildRecord) -> BuildRecord {
    var copy = self
    copy.settings["architecture"] = nil
    copy.files = files.filter { base.files[$0.key] != $0.value }
    let gone = Set(base.files.keys.filter { files[$0] == nil })
    for path in gone where !gone.contains(FilePath(path).removingLastComponent().string) {
      copy.files[path] = failed ? nil : "gone"
    }
    return copy
  }

  // MARK: Settings

  private static func settings(of config: ImageConfig) throws -> [String: String] {
    let runtime = config.config ?? RuntimeConfig()
    let values: [(String, (any Encodable)?)] = [
      ("config User", runtime.user), ("config ExposedPorts", runtime.exposedPorts), ("config Env", runtime.env),
      ("config Entrypoint", runtime.entrypoint), ("config Cmd", runtime.cmd), ("config Volumes", runtime.volumes),
      ("config WorkingDir", runtime.workingDir), ("config Labels", runtime.labels),
      ("config StopSignal", runtime.stopSignal), ("config Healthcheck", runtime.healthcheck),
      ("config OnBuild", runtime.onBuild), ("config Shell", runtime.shell), ("author", config.author),
      ("architecture", config.architecture), ("os", config.os), ("variant", config.variant),
      ("layers", config.rootfs.diffIDs.count),
    ]
    var settings: [String: String] = [:]
    for case (let name, let value?) in values {
      let text = String(decoding: try JSONDocument.encode(value), as: UTF8.self)
      // Docker makes no difference between nothing and an empty value.
      if !["\"\"", "[]", "{}"].contains(text) { settings[name] = text }
    }
    for (position, var entry) in (config.history ?? []).enumerated() {
      entry.created = nil
      if entry.emptyLayer == false { entry.emptyLayer = nil }
      settings["history \(position)"] = String(decoding: try JSONDocument.encode(entry), as: UTF8.self)
    }
    return settings
  }

  // MARK: Files

  private static func files(in tar: FilePath) throws -> [String: String] {
    guard try FileStatus(of: tar).size > 0 else { return [:] }
    let index = try Files.withDescriptor(tar, .readOnly) { descriptor in
      try LayerReader(
        FileByteSource(descriptor, path: tar),
        options: .init(decodesWhiteouts: false, makesIndex: true, digestsContent: true)
      ).finish().index
    }
    var files: [String: String] = [:]
    var names: [String: [String]] = [:]
    for item in index?.items ?? [] where !item.entry.path.isRoot {
      let path = item.entry.path.description
      if case .hardLink(let target) = item.entry.kind {
        files[path] = files[target.description]
        names[target.description, default: [target.description]].append(path)
      } else {
        files[path] = description(of: item)
      }
    }
    for group in names.values {
      for path in group { files[path]? += " links \(group.sorted().joined(separator: " "))" }
    }
    return files
  }

  private static func description(of item: LayerIndex.Item) -> String {
    let attributes = item.entry.extendedAttributes.map { " \($0.name)=\($0.value)" }.joined()
    let content = item.contentSHA256.map { " \(SHA256Hasher.hex(of: $0).prefix(8))" } ?? ""
    return item.entry.summary + content + attributes + time(of: item.entry)
  }

  /// Times of the context and of archives are kept. Those of folders that something is put into are nobody's business.
  private static func time(of entry: TreeEntry) -> String {
    if entry.isDirectory { return "" }
    let seconds = entry.modificationTime.seconds
    return seconds >= DifferentialCase.endOfOldTimes ? " now" : " @\(seconds)"
  }
}
