import Builder
import Diagnostics
import HostOS
import Images
import OCI
public import SystemPackage

/// `docker cp` and `docker export`: files of a container come out, by a build that copies them.
public struct DockerFilesOut: Sendable {
  private let bench: Workbench
  private let container: DockerContainer
  /// Of its manifest.
  private let digest: Digest

  /// - Throws: `DockerError` for a container that is not there.
  public init(_ container: String, _ bench: Workbench) throws {
    self.bench = bench
    self.container = try DockerContainers(bench).container(container)
    guard let descriptor = self.container.descriptor else {
      throw DockerError.daemon("the files of \(container) are at hand when its command has ended by itself")
    }
    digest = descriptor.digest
  }

  /// Writes all files as a tar.
  /// - Parameter path: a file; nil is standard output.
  /// - Throws: errors that are `DiagnosticError`s.
  public func export(to path: FilePath?) async throws {
    try await build("FROM container\n", output: path.map { "type=tar,dest=\($0)" } ?? "-")
  }

  /// Writes a file or folder as a tar to standard output, under its own name.
  /// - Throws: errors that are `DiagnosticError`s.
  public func copyToStandardOutput(_ source: String) async throws {
    try await build(Self.dockerfile(source, as: "/\(Self.name(of: source))"), output: "-")
  }

  /// Copies as docker does: into a folder that is there, else to the path itself. `/.` behind the source means what is
  /// in a folder.
  /// - Throws: `DockerError`; errors that are `DiagnosticError`s.
  public func copy(_ source: String, to target: FilePath) async throws {
    let work = try bench.store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    let folder = work.appending("files")
    let name = Self.name(of: source)
    do { try await build(Self.dockerfile(source, as: "/\(name)"), output: "type=local,dest=\(folder)") } catch let error
      as any DiagnosticError
    {
      guard error.diagnostics.contains(where: { $0.message.contains(source) || $0.message.contains("not found") })
      else {
        throw error
      }
      throw DockerError.daemon("Could not find the file \(source) in container \(container.name)")
    }
    let copied = folder.appending(name)
    guard let status = try FileStatus.ifExists(copied) else {
      throw DockerError.daemon("Could not find the file \(source) in container \(container.name)")
    }
    try place(copied, isFolder: status.kind == .directory, contentsOnly: source.hasSuffix("/."), name, at: target)
  }

  private func place(
    _ copied: FilePath, isFolder: Bool, contentsOnly: Bool, _ name: String, at target: FilePath
  ) throws {
    let there = (try? FileStatus(following: target))?.kind
    if there == nil, !target.string.hasSuffix("/") {
      let parent = target.removingLastComponent()
      guard parent.isEmpty || (try? FileStatus(following: parent))?.kind == .directory else {
        throw DockerError("invalid output path: directory \"\(parent)\" does not exist")
      }
      return try Self.move(copied, to: target)
    }
    guard there == .directory else {
      guard there != nil else { throw DockerError("no such directory") }
      if isFolder { throw DockerError("cannot copy directory") }
      return try Self.move(copied, to: target)
    }
    try Self.move(copied, to: contentsOnly && isFolder ? target : target.appending(name))
  }

  /// Over what is there; folders are merged.
  private static func move(_ source: FilePath, to target: FilePath) throws {
    let isFolder = try FileStatus(of: source).kind == .directory
    if isFolder, (try? FileStatus(following: target))?.kind == .directory {
      for name in try Files.names(in: source) { try move(source.appending(name), to: target.appending(name)) }
      return
    }
    do { try Files.rename(source, to: target) } catch let error as HostError where error.errno == .improperLink {
      // Another file system.
      try copy(source, to: target)
    }
  }

  private static func copy(_ source: FilePath, to target: FilePath) throws {
    let status = try FileStatus(of: source)
    switch status.kind {
    case .directory:
      try Files.createDirectories(target)
      for name in try Files.names(in: source) { try copy(source.appending(name), to: target.appending(name)) }
    case .symbolicLink:
      try Files.removeTree(target)
      try Files.makeSymbolicLink(target, saying: try Files.symbolicLinkTarget(source))
    default:
      try Files.writeAtomically(try Files.read(source, limit: Int.max), to: target)
      try Files.setMode(target, status.mode)
    }
  }

  // MARK: Build

  private static func name(of source: String) -> String {
    let name = FilePath(source).lexicallyNormalized().lastComponent?.string
    return name.map { $0 == "." ? "root" : $0 } ?? "root"
  }

  private static func dockerfile(_ source: String, as target: String) throws -> String {
    func quoted(_ text: String) throws -> String {
      String(decoding: try JSONDocument.encode([text]), as: UTF8.self).dropFirst().dropLast().description
    }
    // What is quoted is a pattern of files still.
    let escaped = String(source.flatMap { "*?[\\".contains($0) ? ["\\", $0] : [$0] })
    return "FROM scratch\nCOPY --from=container [\(try quoted(escaped)), \(try quoted(target))]\n"
  }

  private func build(_ dockerfile: String, output: String) async throws {
    let work = try bench.store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    let file = work.appending("Dockerfile")
    try Files.writeAtomically(Array(dockerfile.utf8), to: file)
    let context = work.appending("context")
    try Files.createDirectories(context)
    var request = BuildRequest(context: context.string)
    request.dockerfile = file.string
    request.buildContexts = ["container=oci-layout://\(bench.store.content.layout)@\(digest)"]
    request.outputs = [output]
    request.platforms = [try platform]
    var quiet = bench
    quiet.progress = .silent
    let use = try await StoreUse(of: bench.store)
    defer { use.end() }
    try await fetchLayers()
    _ = try await Build(request, quiet).run()
  }

  private var manifest: ImageManifest? {
    get throws { try RawManifest(bytes: bench.store.content.read(digest), mediaType: nil).image }
  }

  /// Of an image that was built, layers of the base may be in their registry still.
  private func fetchLayers() async throws {
    let access = try ImageAccess(bench)
    let reference = ImageReference(registry: "store", repository: "container").with(digest: digest)
    let blobs = access.storedImages.blobs(of: reference)
    for layer in try manifest?.layers ?? [] {
      try await ImageIntake(bench.store).write(layer, from: blobs) { _ in }
    }
  }

  private var platform: String {
    get throws {
      guard let manifest = try manifest else { return Platform.host.description }
      let bytes = try bench.store.content.read(manifest.config.digest)
      return try JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration").platform.description
    }
  }
}
