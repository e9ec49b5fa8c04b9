import BuildPlanning
import Diagnostics

extension CacheFolders {
  /// What tells caches apart: as in BuildKit, other owners and first contents make other caches of the same id.
  struct Identity: Sendable, Hashable, Codable {
    /// In 64 hexadecimal digits, the same on all machines.
    var key: String
    var id: String
    /// Of the folder when it is made.
    var mode: UInt16
    var uid: UInt32
    var gid: UInt32

    /// - Parameter source: what the folder begins with; nil is nothing.
    init(_ cache: ExecMount.Cache, _ source: MountSource?) {
      (id, mode, uid, gid) = (cache.id, cache.mode, cache.uid, cache.gid)
      key =
        CacheKey("mount-1") { key in
          key.add(cache.id)
          key.add("\(cache.mode) \(cache.uid) \(cache.gid)")
          source?.add(to: &key)
        }.hex
    }

    /// Whether this is what a mount comes to, as far as that is known without its source.
    func may(be cache: ExecMount.Cache) -> Bool {
      (id, mode, uid, gid) == (cache.id, cache.mode, cache.uid, cache.gid)
    }
  }
}

/// What an imported cache has of a cache mount.
struct OfferedMount: Sendable {
  var identity: CacheFolders.Identity
  /// The archive of the folder.
  var layer: Layer

  /// Why the build does without it.
  func warning(_ error: any Error) -> Diagnostic {
    let reason = (error as? MissingCacheLayer)?.reason ?? error
    let reasons = (reason as? any DiagnosticError)?.diagnostics ?? []
    return .warning(
      "cache-mount-missing",
      "the cache \(layer.cacheName ?? "") does not give the cache mount \(identity.id), which begins anew",
      notes: reasons.map { .init($0.message) } + reasons.flatMap(\.notes))
  }
}

extension BuildGraph {
  /// All cache mounts of its commands.
  var caches: [ExecMount.Cache] {
    vertices.flatMap { vertex -> [ExecMount.Cache] in
      guard case .exec(let exec) = vertex.operation else { return [] }
      return exec.mounts.compactMap { if case .cache(let cache) = $0.kind { cache } else { nil } }
    }
  }
}
