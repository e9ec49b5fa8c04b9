import Builder
import Diagnostics
import Synchronization

/// Keeps what is in a store there, for a use case that may hand over to another process of ours.
final class StoreUse: Sendable {
  private let store: BuildStore
  private let hold: Mutex<StoreHold?>

  /// Waits while somebody prunes.
  /// - Throws: `HostError`, `CancellationError`.
  init(of store: BuildStore) async throws {
    self.store = store
    hold = Mutex(try await store.hold())
  }

  func end() { hold.withLock { $0.take() }?.release() }

  /// Lets go while another process does the work, which uses the store by itself: if we held on, and somebody wanted to
  /// prune, both would wait for each other.
  /// - Parameter handOver: nil when the work stays here.
  func suspended(_ handOver: () async throws -> ExitCode?) async throws -> ExitCode? {
    end()
    if let code = try await handOver() { return code }
    let new = try await store.hold()
    hold.withLock { $0 = new }
    return nil
  }
}
