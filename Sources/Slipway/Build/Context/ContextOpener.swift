import Archive
import Builder
import Diagnostics
import DockerfileSyntax
import Foundation
import HTTP
import HostOS
import OCI
import RemoteSources
import SystemPackage

/// Makes a folder of whatever people give as the context.
struct ContextOpener: Sendable {
  /// Where `-` is read from.
  var standardInput: FileDescriptor
  let remotes: RemoteFetcher
  /// An existing folder for what is unpacked; whoever made it removes it after the build.
  let work: FilePath
  let progress: ProgressReporter
  /// The build argument BUILDKIT_CONTEXT_KEEP_GIT_DIR.
  var keepsGitFolder = false
  /// Whether files of a repository get the time of their commit where the reference does not say, which a build with
  /// SOURCE_DATE_EPOCH asks for.
  var takesTimeOfCommit = false

  /// A Dockerfile beyond this is taken for something else. In bytes.
  private static let textLimit: Int64 = 16 << 20

  /// - Throws: `SlipwayError`, `GitReferenceError`, `RemoteSourceError`, `HTTPError`, `ArchiveError`, `HostError`,
  ///   `CancellationError`.
  func open(_ argument: ContextArgument) async throws -> OpenedContext {
    switch argument {
    case .folder(let path): return OpenedContext(folder: path, isLocal: true)
    case .file(let path): return try await open(archive: path)
    case .git(let reference): return try await open(reference)
    case .web(let url): return try await open(url: url)
    case .standardInput: return try await openStandardInput()
    }
  }

  // MARK: Kinds

  private func open(_ given: GitReference) async throws -> OpenedContext {
    var reference = given
    if keepsGitFolder { reference.keepsGitFolder = true }
    if takesTimeOfCommit, reference.modificationTimes == nil { reference.modificationTimes = .commit }
    let ref = reference.ref.map { "#\($0)" } ?? ""
    let checkout = try await progress.step("[internal] load git source \(reference.shownRemote)\(ref)") { step in
      let checkout = try await remotes.checkout(reference) { step.log($0) }
      step.log("\(checkout.commit)\t\(reference.ref ?? "HEAD")")
      return checkout
    }
    return OpenedContext(
      folder: checkout.folder, isLocal: false, commit: checkout.commit, repository: checkout.repository)
  }

  private func open(url text: String) async throws -> OpenedContext {
    let shown = URL(string: text).map(Redaction.url) ?? text
    return try await progress.step("[internal] load remote build context \(shown)") { step in
      let file = try await remotes.file(text) { done, total in
        step.transferred("context", completed: done, of: total)
      }
      return try await open(file.path, called: shown)
    }
  }

  private func openStandardInput() async throws -> OpenedContext {
    try await progress.step("[internal] load build context from standard input") { _ in
      let spool = work.appending("input")
      let input = standardInput
      try await Blocking.run { try Self.copy(input, to: spool) }
      return try await open(spool, called: "<stdin>")
    }
  }

  private func open(archive path: FilePath) async throws -> OpenedContext {
    guard try await Blocking.run({ try ArchiveDetector.compression(of: path) }) != nil else {
      throw SlipwayError(
        "context-not-usable", "the context \(path) is neither a folder nor an archive",
        help: ["name the folder that COPY reads from, and a Dockerfile with --file \(path)"])
    }
    return try await progress.step("[internal] load build context from \(path)") { _ in try await unpack(path) }
  }

  private static func copy(_ input: FileDescriptor, to path: FilePath) throws {
    try Files.withDescriptor(
      path, .writeOnly, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o600)
    ) { output in
      try Files.readChunks(input) { chunk in
        do { try output.writeAll(chunk) } catch let errno as Errno { throw HostError("write", path, errno) }
      }
    }
  }

  // MARK: Archive or Dockerfile

  private func open(_ file: FilePath, called name: String) async throws -> OpenedContext {
    if try await Blocking.run({ try ArchiveDetector.compression(of: file) }) != nil { return try await unpack(file) }
    let text = try Self.text(of: file, called: name)
    let empty = work.appending("context")
    try Files.createDirectories(empty)
    return OpenedContext(folder: empty, dockerfile: SourceFile(name: name, bytes: text), isLocal: false)
  }

  /// What is no archive is a Dockerfile, if it is a text at all.
  private static func text(of file: FilePath, called name: String) throws -> [UInt8] {
    let what = name == "<stdin>" ? "standard input" : name
    let size = try FileStatus(following: file).size
    guard size > 0 else {
      throw SlipwayError(
        "context-not-usable", "\(what) is empty", help: ["give an archive with files, or a Dockerfile"])
    }
    guard size <= textLimit, case let bytes = try Files.read(file), !bytes.contains(0) else {
      throw SlipwayError(
        "context-not-usable", "\(what) is neither an archive nor a Dockerfile",
        help: ["give a tar file, plain or compressed with gzip, bzip2, xz or zstd, or the text of a Dockerfile"])
    }
    return bytes
  }

  // MARK: Unpack

  private func unpack(_ file: FilePath) async throws -> OpenedContext {
    let folder = work.appending("context")
    try Files.createDirectories(folder)
    let result = try await Blocking.run {
      try Files.withDescriptor(file, .readOnly) { descriptor in
        var reading = LayerReader.Options.archive
        reading.makesIndex = true
        // Owners are kept beside the files, for a plain user cannot give them away.
        return try LayerExtractor(into: folder, options: .init(mode: .plain, ownership: .ignore, reading: reading))
          .extract(FileByteSource(descriptor, path: file))
      }
    }
    for warning in result.warnings { progress.report(warning) }
    let archived = Self.entries(of: result.index?.items ?? [])
    try await Blocking.run { try Self.makeReadable(archived, in: folder) }
    return OpenedContext(folder: folder, isLocal: false, archived: archived)
  }

  /// The last entry of a path counts; a hard link is what it links to.
  private static func entries(of items: [LayerIndex.Item]) -> [TreePath: TreeEntry] {
    var entries: [TreePath: TreeEntry] = [:]
    for item in items {
      var entry = item.entry
      if case .hardLink(let target) = entry.kind, var original = entries[target] {
        original.path = entry.path
        entry = original
      }
      entries[entry.path] = entry
    }
    return entries
  }

  /// The modes of an archive may shut out the user who unpacked it. Those that count are kept beside the files.
  private static func makeReadable(_ entries: [TreePath: TreeEntry], in folder: FilePath) throws {
    for (path, entry) in entries.sorted(by: { $0.key.bytes.count < $1.key.bytes.count }) where !path.isRoot {
      let needed: UInt16 = entry.isDirectory ? 0o700 : 0o400
      let file = folder.pushing(path.filePath)
      guard entry.isDirectory || entry.isFile, entry.mode & needed != needed,
        let status = try FileStatus.ifExists(file), status.kind == (entry.isDirectory ? .directory : .file)
      else { continue }
      try Files.setMode(file, status.mode | needed)
    }
  }
}
