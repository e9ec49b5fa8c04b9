import Diagnostics
public import DockerfileSyntax
import Foundation
import HTTP
import HostOS
import SystemPackage

/// Git repositories.
extension RemoteFetcher {
  /// Checks out what a reference stands for. The server is asked which commit that is, unless the reference names the
  /// commit itself; one that was checked out before is not fetched again.
  ///
  /// Of each repository there is a bare one here, which grows by what commits need, and a folder for each commit.
  /// - Parameter log: gets what git says.
  /// - Throws: `RemoteSourceError`, `GitReferenceError`, `HostError`, what the secrets throw, `CancellationError`.
  public func checkout(
    _ reference: GitReference, log: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> RemoteCheckout {
    let reference = try reference.merging(checksum: nil, keepsGitFolder: nil)
    let folder = root.appending("git")
    var git = GitCommand(folder: folder, environment: environment, timeout: gitTimeout, log: log)
    git.authorization = try await authorization(for: reference)
    let isRefused = isOffline && URL(string: "git://\(reference.host)")?.isLoopback != true
    git.isOffline = isRefused
    try git.prepare()
    let repository = GitRepository(
      git: git, reference: reference, folder: folder.appending(SHA256Hasher.hex(of: reference.remote.utf8)))
    do {
      let lock = repository.folder.appending("lock")
      return try await exclusively(lock) {
        // The time of the last use, by which stores are pruned.
        try? Files.setTime(lock, .now)
        return try await repository.checkout()
      }
    } catch let failure as GitFailure {
      if isRefused {
        throw RemoteSourceError(
          .offline, "\(reference.shownRemote) is not of this machine, and --offline is set",
          help: ["name a commit that was checked out before, or fetch it while there is a network"],
          exitCode: .unavailable)
      }
      throw failure.explained(reference)
    }
  }

  /// Credentials are for the repository alone; for all of github.com, and for all of the host that they are written
  /// beside, so that submodules get them too (BuildKit, `tokenScope`).
  private func authorization(for reference: GitReference) async throws -> (value: String, scope: String)? {
    guard reference.transport == .http || reference.transport == .https else { return nil }
    if let value = try await secrets.gitAuthorization(host: reference.host) {
      let everywhere = ["https://github.com/", "https://www.github.com/"].first { reference.shownRemote.hasPrefix($0) }
      return (value, everywhere ?? reference.shownRemote)
    }
    guard let credentials = reference.credentials else { return nil }
    let value = BasicAuthorization.header(user: credentials.user, password: credentials.password)
    return (value, "\(reference.transport.rawValue)://\(reference.host)/")
  }
}
