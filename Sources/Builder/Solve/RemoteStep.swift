import BuildPlanning
import Diagnostics
import DockerfileSyntax
import RemoteSources

/// Fetches what a vertex names by URL.
struct RemoteStep: Sendable {
  let title: String
  /// Nil where nothing may be fetched.
  let remotes: RemoteFetcher?
  let progress: ProgressReporter

  func tree(of source: HTTPSource) async throws -> any FileTree {
    try await run { fetcher, step in
      let file = try await fetcher.file(source.url, checksum: source.checksum) { done, total in
        step.transferred(source.fileName, completed: done, of: total)
      }
      let tree = try RemoteFileTree(file, called: source.fileName, name: "what was fetched")
      return (tree, file.isReused)
    }
  }

  func tree(of reference: GitReference) async throws -> any FileTree {
    try await run { fetcher, step in
      let checkout = try await fetcher.checkout(reference) { step.log($0) }
      step.log("\(checkout.commit)\t\(reference.ref ?? "HEAD")")
      return (
        ContextTree(root: checkout.folder, ignore: nil, name: "the repository \(reference.shownRemote)"),
        checkout.isReused
      )
    }
  }

  /// A step that is over at once when what it needs is here already.
  private func run(
    _ fetch: (RemoteFetcher, ProgressStep) async throws -> (any FileTree, isReused: Bool)
  ) async throws -> any FileTree {
    guard let remotes else {
      throw BuilderError("no-network", "this build may not fetch anything", exitCode: .defect)
    }
    let step = progress.begin(title)
    do {
      let (tree, isReused) = try await fetch(remotes, step)
      if isReused { step.markCached() } else { step.finish() }
      return tree
    } catch {
      step.fail(error)
      throw error
    }
  }
}
