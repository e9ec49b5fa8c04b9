import Buildspec
import Diagnostics
import Glibc
import HostOS
import SystemPackage

/// Brings the artifacts of a run where they are wanted, and tells of it as the phase UPLOAD_ARTIFACTS.
struct ArtifactUpload: Sendable {
  let source: FilePath
  let log: RunLog
  /// A folder; nil only looks for them.
  let target: FilePath?

  /// An artifact whose texts have their values.
  struct Wanted: Sendable {
    var identifier: String?
    var name: String?
    var files: [String]
    var excluded: [String]
    var baseDirectory: String?
    var discardsPaths: Bool
    var keepsLinks: Bool
  }

  /// Why there are none, in CodeBuild's words.
  struct Failure: Error {
    var message: String
  }

  /// Blocks.
  /// - Throws: `Failure` when nothing matches; `HostError`.
  func upload(_ wanted: Wanted) throws -> ArtifactResult {
    let bases = try bases(of: wanted)
    log.line("Expanding base directory path: \(wanted.baseDirectory ?? ".")")
    log.line("Assembling file list")
    let selection = try ArtifactSelection(
      wanted.files, excluding: wanted.excluded, in: bases, discardsPaths: wanted.discardsPaths,
      keepsLinks: wanted.keepsLinks, skipping: target)
    for pattern in selection.unmatched { log.line("Skipping invalid file path \(pattern)") }
    for path in selection.repeated { log.line("Several files are \(path); the first one is taken") }
    guard !selection.files.isEmpty else { throw Failure(message: "no matching artifact paths found") }
    log.line("Found \(selection.files.count) file(s)")
    let folder = target.map { target in wanted.identifier.map { target.appending($0) } ?? target }
    if let folder { for file in selection.files { try put(file, into: folder) } }
    return ArtifactResult(
      identifier: wanted.identifier, name: wanted.name, files: selection.files.map(\.path).sorted(),
      location: folder?.string)
  }

  private func bases(of wanted: Wanted) throws -> [FilePath] {
    guard let directory = wanted.baseDirectory, !directory.isEmpty else { return [source] }
    let found = try ArtifactSelection.folders(directory, in: source)
    guard !found.isEmpty else {
      throw Failure(message: "no matching base directory path found for \(directory)")
    }
    return found
  }

  private func put(_ file: ArtifactSelection.File, into folder: FilePath) throws {
    let place = folder.pushing(FilePath(file.path))
    try Files.createDirectories(place.removingLastComponent())
    if file.isLink {
      let link = try Files.symbolicLinkTarget(file.source)
      if try FileStatus.ifExists(place) != nil { try Files.removeTree(place) }
      guard symlink(link.string, place.string) == 0 else { throw HostError("link", place, .current) }
      return
    }
    let mode = FilePermissions(rawValue: CInterop.Mode(try FileStatus(following: file.source).mode & 0o777))
    try Files.withDescriptor(place, .writeOnly, options: [.create, .truncate], permissions: mode) { output in
      try Files.withDescriptor(file.source, .readOnly) { input in
        try Files.readChunks(input, file.source) { chunk in
          do { _ = try output.writeAll(chunk) } catch let errno as Errno { throw HostError("write", place, errno) }
        }
      }
    }
  }
}

extension PipelineRun {
  /// The phase UPLOAD_ARTIFACTS, if the file has artifacts.
  func uploadArtifacts(_ state: RunState, _ runner: PhaseRunner, _ result: inout PipelineResult) async throws {
    let all = ([spec.artifacts] + spec.secondaryArtifacts).compactMap { $0 }.filter { !$0.files.isEmpty }
    guard !all.isEmpty else { return }
    let start = ContinuousClock.now
    log.line("Entering phase UPLOAD_ARTIFACTS")
    let upload = ArtifactUpload(source: source, log: log, target: request.artifacts.map { FilePath($0) })
    var failures: [String] = []
    for artifact in all {
      do {
        let wanted = try await evaluated(artifact, state)
        result.artifacts.append(try await Blocking.run { try upload.upload(wanted) })
      } catch let failure as ArtifactUpload.Failure {
        failures.append(failure.message)
      } catch let error as HostError {
        failures.append(error.description)
      }
    }
    let outcome = PhaseOutcome(
      "UPLOAD_ARTIFACTS", succeeded: failures.isEmpty, statusCode: failures.isEmpty ? "" : "CLIENT_ERROR",
      message: failures.joined(separator: "; "), duration: ContinuousClock.now - start)
    runner.tell(outcome)
    result.phases.append(outcome)
  }

  /// Texts with variables and `$(…)`, which a shell gives their values.
  private func evaluated(_ artifact: Artifacts, _ state: RunState) async throws -> ArtifactUpload.Wanted {
    let files = artifact.files.map(\.value), excluded = artifact.excluded.map(\.value)
    let others = [artifact.baseDirectory?.value ?? "", artifact.name?.value ?? ""]
    let texts = files + excluded + others
    let log = log
    let values = try await Blocking.run { try state.session.evaluate(texts) { log.output($0) } }
    guard let values, values.count == texts.count else {
      throw ArtifactUpload.Failure(message: "the paths of the artifacts could not be evaluated by the shell")
    }
    let name = values[values.count - 1]
    return ArtifactUpload.Wanted(
      identifier: artifact.identifier?.value, name: Self.nonEmpty(name), files: Array(values.prefix(files.count)),
      excluded: Array(values.dropFirst(files.count).prefix(excluded.count)),
      baseDirectory: Self.nonEmpty(values[values.count - 2]),
      discardsPaths: artifact.discardsPaths, keepsLinks: artifact.keepsSymbolicLinks)
  }

  private static func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}
