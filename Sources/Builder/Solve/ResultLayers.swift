import BuildPlanning
import OCI
import Synchronization

/// Tells of the layers that images will have while they are being made.
final class ResultLayers: Sendable {
  /// Whose layers are those of an image.
  private let vertices: Set<VertexID>
  private let known = Mutex<Set<Digest>>([])
  private let tell: @Sendable ([Layer]) -> Void

  init(of results: [VertexID], in graph: BuildGraph, _ tell: @escaping @Sendable ([Layer]) -> Void) {
    var vertices: Set<VertexID> = []
    var queue = results
    while let id = queue.popLast() {
      if vertices.insert(id).inserted { queue += graph[id].operation.foundations }
    }
    self.vertices = vertices
    self.tell = tell
  }

  /// Whether the layer that a vertex makes will be one of an image.
  func contain(_ vertex: VertexID) -> Bool { vertices.contains(vertex) }

  /// What a vertex stands for is known now.
  func note(_ stack: LayerStack, of vertex: VertexID) {
    guard vertices.contains(vertex) else { return }
    known.withLock { $0.formUnion(stack.layers.map(\.descriptor.digest)) }
    tell(stack.layers)
  }

  /// A layer, of whatever image, has come into the store.
  func arrived(_ layer: Layer) {
    if known.withLock({ $0.contains(layer.descriptor.digest) }) { tell([layer]) }
  }
}

extension Operation {
  /// The inputs whose layers are part of the result.
  fileprivate var foundations: [VertexID] {
    switch self {
    case .source: []
    case .file(let file): [file.base].compactMap { $0 }
    case .exec(let exec): [exec.root].compactMap { $0 }
    case .merge(let merge): [merge.lower, merge.upper].compactMap { $0 }
    }
  }
}
