import Diagnostics
public import HostOS
public import SystemPackage

/// Repositories that are here already.
extension RemoteFetcher {
  /// The time at which a commit was made, as its committer has it.
  /// - Parameters:
  ///   - commit: all its digits; nil is the one that is checked out.
  ///   - folder: in a checkout, or a repository without one. Whoever owns it, nothing that it brings is executed.
  /// - Throws: `RemoteSourceError` when there is no repository, no commit in it yet, or no git; `HostError`,
  ///   `CancellationError`.
  public func time(ofCommit commit: String? = nil, in folder: FilePath) async throws -> Timestamp {
    let settings = root.appending("git")
    let git = GitCommand(folder: settings, environment: environment, timeout: gitTimeout)
    try git.prepare()
    do {
      if let time = try await git.time(of: commit ?? "HEAD", in: folder) { return time }
      throw RemoteSourceError("no-commit-time", "the commit in \(folder) says no time")
    } catch let failure as GitFailure {
      throw RemoteSourceError("no-commit", "there is no commit in \(folder)", notes: failure.reasons)
    }
  }
}

extension GitCommand {
  /// Read from the commit itself (gitformat-commit): commands that show commits do what a repository's settings say.
  /// - Throws: `GitFailure` where there is no such commit, `RemoteSourceError`, `HostError`.
  func time(of commit: String, in folder: FilePath) async throws -> Timestamp? {
    let text = try await run(["cat-file", "commit", commit], in: folder, by: .none)
    let header = text.split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { !$0.isEmpty }
    guard let line = header.first(where: { $0.hasPrefix("committer ") }) else { return nil }
    // The name, the seconds, the zone.
    let parts = line.split(separator: " ")
    return parts.count < 3 ? nil : Int64(parts[parts.count - 2]).map { Timestamp(seconds: $0) }
  }
}
