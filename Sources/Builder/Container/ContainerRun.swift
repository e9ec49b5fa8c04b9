import Archive
public import BuildPlanning
public import Diagnostics
import HostOS
public import OCI
public import Sandbox

/// Runs one command in the files of an image, in the way in which builds run RUN.
public struct ContainerRun: Sendable {
  private let store: BuildStore
  private let blobs: @Sendable (ImageReference) -> any BlobSource
  private let progress: ProgressReporter

  /// - Parameter blobs: the blobs beside an image of any registry.
  public init(
    store: BuildStore, blobs: @escaping @Sendable (ImageReference) -> any BlobSource, progress: ProgressReporter
  ) {
    self.store = store
    self.blobs = blobs
    self.progress = progress
  }

  /// How the command ended, and the layer of what it changed if that was wanted.
  public struct Result: Sendable {
    public var status: ExitStatus
    public var layer: Layer?
  }

  /// Cancelling the task kills the command.
  /// - Throws: `SandboxError` for a command that cannot be run; `BuilderError`, `CancellationError`.
  public func run(_ operation: ExecOperation, of image: ResolvedImage, _ session: ContainerSession) async throws
    -> Result
  {
    let fetcher = LayerFetcher(store: store, progress: progress)
    let trees = LayerTrees(store: store, fetcher: fetcher)
    let isolation = ExecIsolation(.auto)
    defer { try? isolation.removeFolders() }
    var step = ExecStep(
      operation: operation, base: LayerStack(of: image, in: store, blobs: blobs), store: store,
      snapshots: Snapshots(store: store, trees: trees, fetcher: fetcher, progress: progress), trees: trees,
      commit: LayerCommit(store: store, compression: .default, latestTime: nil), annotation: nil)
    step.isolation = isolation
    step.container = session
    let layer = try await step.change(ProgressReporter.silent.begin("container"))
    guard let status = session.ended else {
      throw BuilderError("no-status", "nobody knows how the command ended", exitCode: .defect)
    }
    return Result(status: status, layer: session.keepsChanges ? layer : nil)
  }
}
