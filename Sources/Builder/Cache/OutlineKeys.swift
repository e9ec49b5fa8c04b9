import BuildPlanning
import OCI

/// Keys that name layers by their chains instead of looking into them: so a build whose steps are all known reads no
/// index, and downloads no layer to make one.

extension FileStep {
  /// Nil when nothing is copied from layers. Blocks.
  /// - Parameter stacks: the sources that are layers; all others are among the step's `sources`.
  func outlineKey(_ stacks: [VertexID: LayerStack]) throws -> CacheKey? {
    guard !stacks.isEmpty else { return nil }
    var copies: [(position: Int, copy: CopyAction, stack: LayerStack)] = []
    let selections = try operation.actions.enumerated().map { position, action -> SourceSelection? in
      guard case .copy(let copy) = action else { return nil }
      guard case .vertex(let id) = copy.source, let stack = stacks[id] else { return try select(copy) }
      copies.append((position, copy, stack))
      return nil
    }
    return CacheKey("file-outline-1") { key in
      key.add(self.key(selections).hex)
      for (position, copy, stack) in copies {
        key.add(["\(position)", copy.pattern])
        key.add(copy.excludes)
        key.add(stack.chainID)
      }
    }
  }
}

extension ExecStep {
  /// Nil when nothing of layers is mounted. The files of all other mounts are among the step's `inputs`.
  /// - Parameter stacks: the layers that mounts show, by the mounts' places.
  func outlineKey(_ stacks: [Int: LayerStack]) -> CacheKey? {
    guard !stacks.isEmpty else { return nil }
    return CacheKey("exec-outline-1") { key in
      key.add(self.key.hex)
      for (index, stack) in stacks.sorted(by: { $0.key < $1.key }) {
        key.add(["\(index)", operation.mounts[index].sourcePath ?? ""])
        key.add(stack.chainID)
      }
    }
  }
}
