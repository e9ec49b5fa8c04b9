import AWS
import Archive
import Buildspec
import Diagnostics
import HostOS
import SystemPackage

extension PipelineRun {
  /// The phase UPLOAD_ARTIFACTS: also after a build that failed.
  func uploadArtifacts(_ state: RunState, _ runner: PhaseRunner, _ result: inout PipelineResult) async throws {
    let blocks = [spec.artifacts].compactMap { $0 } + spec.secondaryArtifacts
    guard !blocks.isEmpty else { return }
    let start = ContinuousClock.now
    var failure: String?
    do {
      for block in blocks { result.artifacts.append(try await upload(block, state, result.buildID)) }
    } catch let error as ArtifactsError {
      failure = error.message
    } catch let error as any DiagnosticError {
      result.problems += error.diagnostics
      failure = error.diagnostics.first?.message ?? ""
    }
    let outcome = PhaseOutcome(
      "UPLOAD_ARTIFACTS", succeeded: failure == nil, statusCode: failure == nil ? "" : "CLIENT_ERROR",
      message: failure ?? "", duration: ContinuousClock.now - start)
    runner.tell(outcome)
    result.phases.append(outcome)
  }

  private func upload(_ block: Artifacts, _ state: RunState, _ buildID: String) async throws -> ArtifactResult {
    let session = state.session
    let texts = block.files + block.excluded + [block.baseDirectory, block.name].compactMap { $0 }
    let log = log
    guard
      let values = try await Blocking.run({ try session.evaluate(texts.map(\.value)) { log.output($0) } })
    else { throw ArtifactsError("the shell cannot make the paths of the artifacts") }
    var rest = values[...]
    let files = Array(rest.prefix(block.files.count))
    rest = rest.dropFirst(files.count)
    let excluded = Array(rest.prefix(block.excluded.count))
    rest = rest.dropFirst(excluded.count)
    let base = block.baseDirectory == nil ? "." : rest.popFirst() ?? "."
    let name = rest.first
    let search = ArtifactSearch(
      source: source, baseDirectory: base, patterns: files, excluded: excluded, discardsPaths: block.discardsPaths,
      keepsSymbolicLinks: block.keepsSymbolicLinks)
    let found = try await Blocking.run { try search.run { log.line($0) } }
    let place = ArtifactPlace(request.artifacts, block, name: name, task: task, buildID: buildID)
    let location = try await place.deliver(found, keepsSymbolicLinks: block.keepsSymbolicLinks) { key, bytes in
      _ = try await bench.ecrCredentials().client().send(
        PutObject(bucket: key.bucket, key: key.key, body: bytes), timeout: .seconds(900))
    }
    if let location {
      log.line("Artifacts are in \(location)")
    } else {
      for file in found { log.line(" \(file.name)") }
    }
    return ArtifactResult(
      identifier: block.identifier?.value, name: name, files: found.map(\.name), location: location)
  }
}
