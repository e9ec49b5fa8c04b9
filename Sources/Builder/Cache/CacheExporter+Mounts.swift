import Diagnostics
import HostOS
import OCI

/// Folders of cache mounts, which a cache can keep beside the results of steps.
extension CacheExporter {
  /// The mounts that go into the cache, after their archives were written.
  ///
  /// What the build used is archived as it is now. Of everything else the cache keeps what an import had, without
  /// looking at it: so a build whose steps are all known loses nothing, and downloads nothing.
  func exportedMounts(
    of product: BuildProduct, _ step: ProgressStep, write: (Layer) async throws -> Void
  ) async throws -> [OfferedMount] {
    warnOfUnknownMounts(product.mounts)
    var exported: [OfferedMount] = []
    for mount in product.mounts where isWanted(mount.identity) {
      if mount.isUsed || mount.imported == nil, let layer = try await archive(mount.identity, step) {
        try await write(layer)
        exported.append(OfferedMount(identity: mount.identity, layer: layer))
      } else if let layer = mount.imported {
        let offer = OfferedMount(identity: mount.identity, layer: layer)
        do {
          try await write(layer)
          exported.append(offer)
        } catch {
          // A registry may have removed it: then it must not be in the way of this export and all that follow.
          try Task.checkCancellation()
          progress.report(offer.warning(error))
        }
      }
    }
    return exported
  }

  private func isWanted(_ identity: CacheFolders.Identity) -> Bool {
    switch mounts {
    case .none: false
    case .all: true
    case .ids(let ids): ids.contains(name(of: identity))
    }
  }

  private func name(of identity: CacheFolders.Identity) -> String {
    let prefix = "\(namespace)/"
    return identity.id.hasPrefix(prefix) ? String(identity.id.dropFirst(prefix.count)) : identity.id
  }

  private func warnOfUnknownMounts(_ known: [BuildProduct.Mount]) {
    guard case .ids(let ids) = mounts else { return }
    let names = Set(known.map { name(of: $0.identity) }).sorted()
    for id in ids where !names.contains(id) {
      let nearest = Suggestion.nearest(to: id, in: names)
      progress.report(
        .warning(
          "cache-mount-unknown", "no command of the build has a cache mount \(id), so none is exported",
          help: [nearest.map { "did you mean \($0)?" } ?? "its id is that of --mount=type=cache,id=, else its target"]))
    }
  }

  /// Nil when the store has no folder of the mount.
  private func archive(_ identity: CacheFolders.Identity, _ step: ProgressStep) async throws -> Layer? {
    let (folders, name) = (CacheFolders(identity, in: store), name(of: identity))
    let held = try await folders.hold {
      step.log("waiting for another command that uses the cache \(name)")
    }
    guard let (folder, lock) = held else { return nil }
    defer { lock.release() }
    let archive = MountArchive(store: store)
    return try await Blocking.run {
      if let known = try FolderRecord.layer(of: folder), store.content.contains(known.descriptor) {
        return known
      }
      step.log("archiving the cache mount \(name)")
      let layer = try archive.pack(folders)
      try FolderRecord(of: folder, as: layer).write(beside: folder)
      return layer
    }
  }
}
