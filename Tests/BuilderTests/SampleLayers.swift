import Archive
import HostOS
import OCI
import TestSupport

@testable import Builder

/// Layers that consist of their indexes alone, for questions that need no blob.
enum SampleLayers {
  /// The merged view of layers, the lowest first.
  static func tree(_ layers: [[LayerIndex.Item]]) -> StackTree {
    let stack = LayerStack(
      layers.indices.map { number in
        let digest = Digest(sha256Of: Array("layer \(number)".utf8))
        return Layer(descriptor: Descriptor(mediaType: .ociLayer, digest: digest, size: 0), diffID: digest)
      })
    return StackTree(stack, layers.map { LayerTree(LayerIndex($0)) }, name: "the image")
  }
}

extension LayerIndex {
  init(_ items: [Item]) { self.init(items: items, diffIDSHA256Hex: "", uncompressedSize: 0) }
}

extension LayerIndex.Item {
  static func file(_ path: String, _ text: String = "", mode: UInt16 = 0o644, owner: UInt32 = 0) -> Self {
    let kind = TreeEntry.Kind.file(size: Int64(text.utf8.count))
    return Self(
      entry: entry(path, kind, mode).owned(by: owner, owner), contentSHA256: SHA256Hasher.digest(of: text.utf8))
  }

  static func folder(_ path: String, mode: UInt16 = 0o755, owner: UInt32 = 0) -> Self {
    Self(entry: entry(path, .directory, mode).owned(by: owner, owner))
  }

  static func link(_ path: String, _ target: String) -> Self {
    Self(entry: entry(path, .symbolicLink(target: Array(target.utf8)), 0o777))
  }

  static func hardLink(_ path: String, to target: String) -> Self {
    Self(entry: entry(path, .hardLink(to: .clamped(target)), 0o644))
  }

  static func whiteout(_ path: String) -> Self { Self(entry: .whiteout(.clamped(path))) }

  static func opaque(_ path: String) -> Self { Self(entry: .opaqueWhiteout(.clamped(path))) }

  private static func entry(_ path: String, _ kind: TreeEntry.Kind, _ mode: UInt16) -> TreeEntry {
    TreeEntry(path: .clamped(path), kind: kind, mode: mode, modificationTime: Timestamp(seconds: 7))
  }
}

extension TreeEntry {
  /// `folder 755 0:0`, `file 644 0:0`, `link target`.
  var summary: String {
    let rights = "\(String(mode, radix: 8)) \(uid):\(gid)"
    return switch kind {
    case .file: "file \(rights)"
    case .directory: "folder \(rights)"
    case .symbolicLink(let target): "link \(String(decoding: target, as: UTF8.self))"
    case .hardLink(let target): "hard link \(target)"
    case .whiteout: "whiteout"
    case .opaqueWhiteout: "opaque"
    case .characterDevice, .blockDevice, .fifo: "special \(rights)"
    }
  }
}

extension StackTree {
  /// All paths with what stands there, and the content of files by the digest of `texts`.
  func listing(_ texts: [String] = []) throws -> [String] {
    let known = Dictionary(texts.map { (SHA256Hasher.digest(of: $0.utf8), $0) }) { first, _ in first }
    var lines: [String] = []
    try walk { entry in
      var line = entry.path.text
      switch entry.kind {
      case .directory: line += "/"
      case .file: line += "=\(known[try contentSHA256(at: entry.path)] ?? "?")"
      case .symbolicLink(let target): line += "->\(String(decoding: target, as: UTF8.self))"
      default: line += "?"
      }
      lines.append(line)
    }
    return lines
  }
}
