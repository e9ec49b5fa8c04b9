import OCI

extension History {
  /// A base image's history with as many entries of layers as it has layers, as BuildKit's exporter mends it: layers
  /// that nothing speaks of get an entry, and entries beyond the last layer made none.
  static func matching(_ history: [History], layerCount: Int) -> [History] {
    var entries = history
    var count = 0
    for index in entries.indices where entries[index].emptyLayer != true {
      if count == layerCount { entries[index].emptyLayer = true } else { count += 1 }
    }
    let exporter = "buildkit.exporter.image.v0"
    return entries + Array(repeating: History(createdBy: exporter, comment: exporter), count: layerCount - count)
  }
}
