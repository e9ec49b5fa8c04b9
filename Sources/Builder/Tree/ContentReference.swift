import Archive
import OCI
import SystemPackage

/// Where the content of a file can be read when it is needed.
enum ContentReference: Sendable {
  case bytes([UInt8])
  /// A file of the host.
  case file(FilePath)
  /// A file in a layer that is not unpacked: its blob has to be read up to there.
  case layer(LayerLocation)
  /// A piece of an open file.
  case spooled(SpoolFile, offset: Int64, size: Int64)
}

/// A file in the topmost layer of a stack.
struct LayerLocation: Sendable {
  var layer: Layer
  /// Of the stack up to the layer, under which it may be unpacked.
  var chain: ChainID
  /// How the layer names the file that has the content.
  var path: TreePath
  /// Where the file is when the layer is unpacked, without symbolic links on the way.
  var place: TreePath
}
