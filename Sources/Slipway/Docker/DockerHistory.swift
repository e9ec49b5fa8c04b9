import OCI

/// `docker history`: what made each layer, the last one first.
extension DockerImage {
  public struct Step: Sendable {
    /// RFC 3339.
    public var created: String?
    public var createdBy: String
    public var comment: String
    /// Of the layer as it is stored, in bytes; 0 for a step without one.
    public var size: Int64
  }

  public var steps: [Step] {
    var layers = manifest.layers[...]
    let known = config.history ?? []
    var steps = known.map { entry in
      let layer = entry.emptyLayer == true ? nil : layers.popFirst()
      return Step(
        created: entry.created, createdBy: entry.createdBy ?? "", comment: entry.comment ?? "", size: layer?.size ?? 0)
    }
    // Layers that no history tells of.
    steps += layers.map { Step(created: nil, createdBy: "", comment: "", size: $0.size) }
    return steps.reversed()
  }
}
