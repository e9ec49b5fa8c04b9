import Archive
import HostOS
import OCI
import SystemPackage

/// Where the content of a file can be read when it is needed.
enum ContentReference: Sendable {
  case bytes([UInt8])
  /// A file of the host.
  case file(FilePath)
  /// A file of the context.
  case context(ContextFile)
  /// A file in a layer that is not unpacked: its blob has to be read up to there. Of many files there are many
  /// references, and most are none of these.
  indirect case layer(LayerLocation)
  /// A piece of an open file.
  case spooled(SpoolFile, offset: Int64, size: Int64)

  /// Of a content that is a file of the host by itself.
  var hostFile: FilePath? {
    switch self {
    case .file(let path): path
    case .context(let file): file.hostPath
    case .bytes, .layer, .spooled: nil
    }
  }
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

/// A file below a folder of the host, and what is remembered of the files there.
struct ContextFile: Sendable {
  var root: FilePath
  var path: TreePath
  var memory: ContextMemory?

  /// On the host.
  var hostPath: FilePath { path.isRoot ? root : root.pushing(path.filePath) }
}
