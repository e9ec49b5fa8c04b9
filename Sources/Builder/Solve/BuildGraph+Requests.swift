import BuildPlanning

extension BuildGraph {
  /// The paths and wildcards that commands and copies read from a vertex.
  func requests(to source: VertexID) -> [String] {
    vertices.flatMap { vertex -> [String] in
      switch vertex.operation {
      case .source, .merge: []
      case .exec(let exec): exec.mounts.filter { $0.source == source }.compactMap(\.sourcePath)
      case .file(let file):
        file.actions.compactMap { action in
          guard case .copy(let copy) = action, action.source == source else { return nil }
          return copy.pattern
        }
      }
    }
  }
}
