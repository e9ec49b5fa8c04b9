import Diagnostics
import DockerfileSyntax
import OCI

/// ADD, and what it fetches (Dockerfile reference, "ADD").
extension InstructionPlanner {
  func apply(_ add: AddInstruction, to state: inout StageState, _ session: inout PlanningSession) throws {
    let texts = try add.sources.map { try expand($0, state) }
    let remotes = try zip(add.sources, texts).map { try remoteSource($0, $1) }
    let checksum = try expandIfGiven(add.checksum, state).flatMap { $0.isEmpty ? nil : $0 }
    if checksum != nil { try checkMayHaveChecksum(add, remotes) }
    var sources: [PlannedSource] = []
    for (word, (text, remote)) in zip(add.sources, zip(texts, remotes)) {
      let operation = try remote.map { try self.operation($0, word, add, checksum) }
      sources.append(PlannedSource(text, at: annotation(word), remote: operation))
    }
    let vertex = sources.contains { $0.remote == nil } ? contextVertex(&session) : nil
    try self.add(FileTransfer(add), sources, from: vertex, to: &state, &session)
  }

  /// Nil for a path.
  func remoteSource(_ word: Word, _ text: String) throws -> RemoteSource? {
    do { return try RemoteSource.parse(text) } catch { throw error.located(in: command.file, word) }
  }

  private func operation(
    _ remote: RemoteSource, _ word: Word, _ add: AddInstruction, _ checksum: String?
  ) throws -> SourceOperation {
    switch remote {
    case .http(let url, let fileName):
      var file = HTTPSource(url: url, fileName: fileName)
      if let checksum {
        guard let digest = Digest(checksum) else {
          throw PlanningError(
            "invalid-checksum", "\"\(checksum)\" is not a digest", at: add.checksum.map(annotation),
            help: ["write sha256: and 64 lower-case hexadecimal digits"])
        }
        file.checksum = digest
      }
      return .http(file)
    case .git(let reference):
      do {
        return .git(try reference.merging(checksum: checksum, keepsGitFolder: add.keepGitDir))
      } catch {
        throw error.located(in: command.file, word)
      }
    }
  }

  private func checkMayHaveChecksum(_ add: AddInstruction, _ remotes: [RemoteSource?]) throws {
    let place = add.checksum.map(annotation)
    guard remotes.count == 1, add.heredocs.isEmpty else {
      throw PlanningError(
        "checksum-of-several", "--checksum can be checked of one source only", at: place,
        help: ["write an ADD for each source"])
    }
    guard remotes[0] != nil else {
      throw PlanningError(
        "checksum-of-local-file", "--checksum is for URLs and git repositories", at: place,
        help: ["take --checksum away"])
    }
  }
}
