import Archive
import Buildspec
import Diagnostics
import HostOS
import SystemPackage

/// Where an artifact goes.
struct ArtifactPlace: Sendable {
  /// An object of Amazon S3.
  struct ObjectKey: Sendable {
    var bucket: String
    var key: String
  }

  private let destination: String?
  private let identifier: String?
  private let name: String?
  private let prefix: String?
  private let buildID: String

  /// - Parameter destination: what `--artifacts` says.
  init(_ destination: String?, _ block: Artifacts, name: String?, task: String?, buildID: String) {
    self.destination = destination.map { place in
      guard let task else { return place }
      return Self.kind(of: place) == nil ? "\(place)/\(task)" : Self.marked(place, task)
    }
    identifier = block.identifier?.value
    self.name = name.flatMap { $0.isEmpty ? nil : $0 }
    prefix = block.s3Prefix?.value
    self.buildID = buildID
  }

  /// - Parameter put: writes an object.
  /// - Returns: where it is; nil where it was only looked for.
  func deliver(
    _ files: [ArtifactFile], keepsSymbolicLinks: Bool,
    put: (ObjectKey, [UInt8]) async throws -> Void
  ) async throws -> String? {
    guard let destination else { return nil }
    if destination.hasPrefix("s3://") { return try await upload(files, to: destination, keepsSymbolicLinks, put) }
    if Self.kind(of: destination) != nil {
      let path = FilePath(identifier.map { Self.marked(destination, $0) } ?? destination)
      try await Blocking.run { try write(files, to: path, keepsSymbolicLinks) }
      return path.string
    }
    let folder = FilePath(destination).pushing(FilePath(identifier ?? "."))
    try await Blocking.run { try copy(files, to: folder, keepsSymbolicLinks) }
    return folder.lexicallyNormalized().string
  }

  /// Nil for a folder.
  private static func kind(of place: String) -> FileArchive.Format? {
    if place.hasPrefix("s3://") { return nil }
    if place.hasSuffix(".zip") { return .zip }
    return place.hasSuffix(".tar.gz") || place.hasSuffix(".tgz") ? .tarGzip : nil
  }

  /// `out-web.zip` of `out.zip`.
  private static func marked(_ place: String, _ mark: String) -> String {
    for end in [".zip", ".tar.gz", ".tgz"] where place.hasSuffix(end) {
      return "\(place.dropLast(end.count))-\(mark)\(end)"
    }
    return place
  }

  private func write(_ files: [ArtifactFile], to path: FilePath, _ keepsSymbolicLinks: Bool) throws {
    let folder = path.removingLastComponent()
    if !folder.isEmpty { try Files.createDirectories(folder) }
    try FileArchive.write(
      files.map { FileArchive.Entry(name: $0.name, path: $0.path) }, as: Self.kind(of: path.string) ?? .zip, to: path,
      keepsSymbolicLinks: keepsSymbolicLinks)
  }

  private func copy(_ files: [ArtifactFile], to folder: FilePath, _ keepsSymbolicLinks: Bool) throws {
    try Files.createDirectories(folder)
    for file in files {
      let target = folder.pushing(FilePath(file.name))
      try Files.createDirectories(target.removingLastComponent())
      try Files.copyFile(file.path, to: target, keepsSymbolicLink: keepsSymbolicLinks)
    }
  }

  private func upload(
    _ files: [ArtifactFile], to destination: String, _ keepsSymbolicLinks: Bool,
    _ put: (ObjectKey, [UInt8]) async throws -> Void
  ) async throws -> String {
    let parts = destination.dropFirst("s3://".count).split(separator: "/", maxSplits: 1).map(String.init)
    guard let bucket = parts.first, !bucket.isEmpty else {
      throw SlipwayError(
        "invalid-artifacts", "--artifacts \(destination) names no bucket", help: ["write s3://BUCKET/PREFIX"])
    }
    let folder = try TemporaryDirectory(prefix: "slipway-artifact")
    let file = folder.path.appending("artifact.zip")
    try await Blocking.run { try write(files, to: file, keepsSymbolicLinks) }
    let bytes = try Files.read(file, limit: 1 << 30)
    let whole = name ?? identifier ?? "artifact"
    let key = ([parts.count > 1 ? parts[1] : nil, prefix] + [whole.hasSuffix(".zip") ? whole : whole + ".zip"])
      .compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "/")
    try await put(ObjectKey(bucket: bucket, key: key), bytes)
    return "s3://\(bucket)/\(key)"
  }
}
