import BuildPlanning
import Synchronization

/// The cache mounts of a build: what imported caches have of them, and which of them its commands used.
final class CacheMountUse: Sendable {
  private let offers: [String: OfferedMount]
  private let used = Mutex<[String: CacheFolders.Identity]>([:])

  /// - Parameter offers: by the keys of their identities.
  init(_ offers: [String: OfferedMount] = [:]) { self.offers = offers }

  func offer(of identity: CacheFolders.Identity) -> OfferedMount? { offers[identity.key] }

  func note(_ identity: CacheFolders.Identity) { used.withLock { $0[identity.key] = identity } }

  /// The mounts that a later build of the same graph may ask for, whether their commands ran in this one or not. What an
  /// import has of mounts that the graph no longer has is forgotten.
  func mounts(of graph: BuildGraph) -> [BuildProduct.Mount] {
    let caches = graph.caches
    var mounts: [String: BuildProduct.Mount] = [:]
    for cache in caches where cache.source == nil {
      let identity = CacheFolders.Identity(cache, nil)
      mounts[identity.key] = .init(identity: identity)
    }
    for (key, offer) in offers where caches.contains(where: offer.identity.may) {
      mounts[key, default: .init(identity: offer.identity)].imported = offer.layer
    }
    for (key, identity) in used.withLock({ $0 }) { mounts[key, default: .init(identity: identity)].isUsed = true }
    return mounts.sorted { $0.key < $1.key }.map(\.value)
  }
}
