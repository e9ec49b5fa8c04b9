import Archive
import Diagnostics
import HostOS
import OCI
import Synchronization
import SystemPackage

/// Answers what layers hold: from indexes that are kept beside blobs, which are made when a layer is first asked about.
final class LayerTrees: Sendable {
  private let store: BuildStore
  private let fetcher: LayerFetcher
  private let trees = Mutex<[Digest: LayerTree]>([:])

  init(store: BuildStore, fetcher: LayerFetcher) {
    self.store = store
    self.fetcher = fetcher
  }

  /// The merged view of a stack. Layers without an index are fetched and read once.
  func tree(of stack: LayerStack, name: String) async throws -> StackTree {
    var trees: [LayerTree] = []
    for layer in stack.layers { trees.append(try await tree(of: layer)) }
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
        for layer in stack.layers { trees.append(isAtHand(layer) ? try await tree(of: layer) : nil) }
        views[key] = StackTree(stack, trees, name: name)
      }
      do { return try await Blocking.run { [views] in try body(views) } } catch let unknown as UnknownLayers {
        try await fetcher.fetch(LayerStack(unknown.layers))
      }
    }
  }

  /// Whether nothing has to be fetched to look into a layer.
  private func isAtHand(_ layer: Layer) -> Bool {
    hasIndex(layer) || store.content.contains(layer.descriptor.digest)
  }

  private func tree(of layer: Layer) async throws -> LayerTree {
    if let tree = trees.withLock({ $0[layer.diffID] }) { return tree }
    if !hasIndex(layer) {
      try await fetcher.fetch(layer)
      try await store.exclusively("index-\(layer.diffID.hex)") {
        if hasIndex(layer) { return }
        try await Blocking.run { [store] in try Self.makeIndex(of: layer, in: store) }
      }
    }
    let path = store.indexPath(of: layer.diffID)
    BuildStore.markUsed(path)
    let tree = try await Blocking.run { LayerTree(try LayerIndex(contentsOf: path)) }
    trees.withLock { $0[layer.diffID] = tree }
    return tree
  }

  private func hasIndex(_ layer: Layer) -> Bool {
    (try? FileStatus(of: store.indexPath(of: layer.diffID))) != nil
  }

  private static func makeIndex(of layer: Layer, in store: BuildStore) throws {
    let path = store.content.path(of: layer.descriptor.digest)
    let result = try Files.withDescriptor(path, .readOnly) { descriptor in
      try LayerReader(
        FileByteSource(descriptor, path: path),
        options: .init(expectation: layer.expectation, makesIndex: true, digestsContent: true)
      ).finish()
    }
    guard let index = result.index else {
      throw BuilderError("missing-index", "the layer reader gave no index", exitCode: .defect)
    }
    let target = store.indexPath(of: layer.diffID)
    try Files.createDirectories(target.removingLastComponent())
    try index.write(to: target)
  }
}
