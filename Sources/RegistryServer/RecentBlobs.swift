import OCI
import Synchronization

/// Which blobs were pushed to which repository since the server began. Those that a manifest needs are known by it.
final class RecentBlobs: Sendable {
  private let blobs = Mutex<[String: Set<Digest>]>([:])

  func insert(_ digest: Digest, in repository: String) {
    blobs.withLock { _ = $0[repository, default: []].insert(digest) }
  }

  func remove(_ digest: Digest, from repository: String) {
    blobs.withLock { _ = $0[repository]?.remove(digest) }
  }

  func contains(_ digest: Digest, in repository: String) -> Bool {
    blobs.withLock { $0[repository]?.contains(digest) == true }
  }

  /// In any repository.
  func contains(_ digest: Digest) -> Bool { blobs.withLock { $0.values.contains { $0.contains(digest) } } }

  func has(_ repository: String) -> Bool { blobs.withLock { $0[repository]?.isEmpty == false } }
}
