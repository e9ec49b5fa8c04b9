import Archive
import Diagnostics
import HostOS
import OCI
import Synchronization
import SystemPackage

/// Answers what layers hold: from indexes that are kept beside blobs, which are made when a layer is first asked about.
final class LayerTrees: Sendable {
  private let store: BuildStore
  let intake: LayerIntake
  private let trees = Mutex<[Digest: LayerTree]>([:])

  init(store: BuildStore, fetcher: LayerFetcher) {
    self.store = store
    intake = LayerIntake(store: store, fetcher: fetcher)
  }

  /// The merged view of a stack. Layers without an index are fetched and read once.
  /// - Parameters:
  ///   - detail: whether the view knows digests of contents.
  ///   - keepsBlob: whether a layer that was fetched for that stays in the store.
  func tree(
    of stack: LayerStack, _ detail: LayerIntake.Detail = .contents, name: String,
    keepsBlob: @escaping @Sendable (Layer) -> Bool = { _ in true }
  ) async throws -> StackTree {
    try await intake.index(stack.layers, of: detail, keepsBlob: keepsBlob)
    var trees: [LayerTree] = []
    for layer in stack.layers { trees.append(try await tree(of: layer, detail)) }
    return StackTree(stack, trees, name: name)
  }

  /// Runs `body`, which blocks, on the merged views of stacks, and again until all layers are known that it asks for:
  /// who wants what the topmost layer has needs no index of the others, which then are not fetched for it.
  func reading<Key: Sendable, Result: Sendable>(
    _ stacks: [Key: (stack: LayerStack, name: String)],
    _ body: @escaping @Sendable ([Key: StackTree]) throws -> Result
  ) async throws -> Result {
    while true {
      var views: [Key: StackTree] = [:]
      for (key, (stack, name)) in stacks {
        var trees: [LayerTree?] = []
        for layer in stack.layers { trees.append(isAtHand(layer) ? try await tree(of: layer, .names) : nil) }
        views[key] = StackTree(stack, trees, name: name)
      }
      do { return try await Blocking.run { [views] in try body(views) } } catch let unknown as UnknownLayers {
        try await intake.index(unknown.layers, of: .contents)
        trees.withLock { trees in for layer in unknown.layers { trees[layer.diffID] = nil } }
      }
    }
  }

  /// Whether nothing has to be fetched to look into a layer.
  private func isAtHand(_ layer: Layer) -> Bool {
    intake.hasIndex(layer, of: .names) || store.content.contains(layer.descriptor)
  }

  private func tree(of layer: Layer, _ detail: LayerIntake.Detail) async throws -> LayerTree {
    let known = trees.withLock { $0[layer.diffID] }
    if let known, known.digestsContent || detail == .names { return known }
    try await intake.index(layer, of: detail)
    let path = store.indexPath(of: layer.diffID)
    BuildStore.markUsed(path)
    let tree: LayerTree
    do { tree = try await Blocking.run { LayerTree(try LayerIndex(contentsOf: path)) } } catch is ArchiveError {
      // The machine may have lost its power just after it was written.
      try Files.removeTree(path)
      try await intake.index(layer, of: detail)
      tree = try await Blocking.run { LayerTree(try LayerIndex(contentsOf: path)) }
    }
    trees.withLock { $0[layer.diffID] = tree }
    return tree
  }
}
