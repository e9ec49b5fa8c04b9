import Archive
import HostOS
import OCI
import SystemPackage

/// What a builder made of a Dockerfile, as far as builders have to agree: not digests, not times.
enum BuildRecord: Sendable {
  case failed(message: String)
  /// Settings by their names, and what stands at each path.
  case built(settings: [String: String], files: [String: String])

  /// - Parameter tar: the files of the image.
  init(_ config: RuntimeConfig, files tar: FilePath) throws {
    self = .built(settings: try Self.settings(of: config), files: try Self.files(in: tar))
  }

  /// What differs, by setting (`config Env`) or path (`/etc/passwd`); `outcome` when one of two fails.
  static func differences(_ reference: BuildRecord, _ ours: BuildRecord) -> [String: String] {
    switch (reference, ours) {
    case (.failed, .failed): return [:]
    case (.failed(let message), .built): return ["outcome": "only the reference fails: \(message)"]
    case (.built, .failed(let message)): return ["outcome": "only ours fails: \(message)"]
    case (.built(let settings, let files), .built(let ourSettings, let ourFiles)):
      return differences(settings, ourSettings).merging(differences(files, ourFiles)) { first, _ in first }
    }
  }

  private static func differences(_ reference: [String: String], _ ours: [String: String]) -> [String: String] {
    var found: [String: String] = [:]
    for key in Set(reference.keys).union(ours.keys) where reference[key] != ours[key] {
      found[key] = "reference \(reference[key] ?? "nothing"), ours \(ours[key] ?? "nothing")"
    }
    return found
  }

  // MARK: Settings

  private static func settings(of config: RuntimeConfig) throws -> [String: String] {
    let values: [(String, (any Encodable)?)] = [
      ("User", config.user), ("ExposedPorts", config.exposedPorts), ("Env", config.env),
      ("Entrypoint", config.entrypoint), ("Cmd", config.cmd), ("Volumes", config.volumes),
      ("WorkingDir", config.workingDir), ("Labels", config.labels), ("StopSignal", config.stopSignal),
      ("Healthcheck", config.healthcheck), ("OnBuild", config.onBuild), ("Shell", config.shell),
    ]
    var settings: [String: String] = [:]
    for case (let name, let value?) in values {
      let text = String(decoding: try JSONDocument.encode(value), as: UTF8.self)
      // Docker makes no difference between nothing and an empty value.
      if !["\"\"", "[]", "{}"].contains(text) { settings["config \(name)"] = text }
    }
    return settings
  }

  // MARK: Files

  private static func files(in tar: FilePath) throws -> [String: String] {
    let index = try Files.withDescriptor(tar, .readOnly) { descriptor in
      try LayerReader(
        FileByteSource(descriptor, path: tar),
        options: .init(decodesWhiteouts: false, makesIndex: true, digestsContent: true)
      ).finish().index
    }
    var files: [String: String] = [:]
    for item in index?.items ?? [] where !item.entry.path.isRoot {
      files[item.entry.path.description] =
        if case .hardLink(let target) = item.entry.kind { files[target.description] } else { description(of: item) }
    }
    return files
  }

  private static func description(of item: LayerIndex.Item) -> String {
    let attributes = item.entry.extendedAttributes.map { " \($0.name)=\($0.value)" }.joined()
    let content = item.contentSHA256.map { " \(SHA256Hasher.hex(of: $0).prefix(8))" } ?? ""
    return item.entry.summary + content + attributes
  }
}
