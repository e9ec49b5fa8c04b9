import Foundation
import HostOS

/// eStargz: a gzip layer whose files can be fetched one by one (containerd's stargz-snapshotter, docs/estargz.md).
///
/// Each piece of a file begins a gzip member; the last file of the tar is a table of contents that says where, and an
/// empty member behind it says where the table is.
enum EStargz {
  private static let tablePath = path("stargz.index.json")
  private static let landmarkPath = path(".no.prefetch.landmark")

  /// Files that are about the layer, and not of the image.
  static let ownPaths: Set<TreePath> = [tablePath, landmarkPath, path(".prefetch.landmark")]

  private static func path(_ name: String) -> TreePath { TreePath(Array(name.utf8)) ?? .root }

  static func tableEntry(size: Int) -> TreeEntry { entry(tablePath, size: Int64(size)) }

  /// Tells runtimes that there is nothing to be fetched before the container starts.
  static let landmark = entry(landmarkPath, size: 1)

  private static func entry(_ path: TreePath, size: Int64) -> TreeEntry {
    TreeEntry(path: path, kind: .file(size: size), mode: 0o444, modificationTime: Timestamp(seconds: 0))
  }

  static let landmarkContent: [UInt8] = [0xf]
  /// Of a piece, in bytes: one gzip member.
  static let chunkSize = BlockFormat.gzip(level: 0).blockSize

  /// A line of the table ("TOCEntry").
  struct Entry: Encodable {
    var name: String
    var type: String
    var size: Int64?
    var modtime: String?
    var linkName: String?
    var mode: Int?
    var uid: UInt32?
    var gid: UInt32?
    var offset: Int64?
    var devMajor: UInt32?
    var devMinor: UInt32?
    var xattrs: [String: Data]?
    var digest: String?
    var chunkOffset: Int64?
    var chunkSize: Int64?
    var chunkDigest: String?

    init(name: String, type: String) {
      self.name = name
      self.type = type
    }
  }

  struct Table: Encodable {
    var version = 1
    var entries: [Entry]

    func encoded() throws -> [UInt8] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self))
    }
  }

  /// The empty member at the end of the blob, 51 bytes, with the place of the member that holds the table.
  static func footer(tableOffset: Int64) -> [UInt8] {
    let digits = String(tableOffset, radix: 16)
    let field = Array((String(repeating: "0", count: 16 - digits.count) + digits + "STARGZ").utf8)
    // gzip with an extra field (RFC 1952, 2.3.1.1), an empty stored block, checksum and size of nothing.
    return [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, 0x53, 0x47, 22, 0] + field
      + [1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]
  }
}

extension EStargz.Entry {
  /// - Parameter name: in the tar.
  init(_ entry: TreeEntry, name: [UInt8]) {
    let text = String(decoding: name, as: UTF8.self)
    switch entry.kind {
    case .file(let size):
      self.init(name: text, type: "reg")
      if size > 0 { self.size = size }
    case .whiteout, .opaqueWhiteout: self.init(name: text, type: "reg")
    case .directory: self.init(name: text.hasSuffix("/") ? text : text + "/", type: "dir")
    case .symbolicLink(let target):
      self.init(name: text, type: "symlink")
      linkName = String(decoding: target, as: UTF8.self)
    case .hardLink(let target):
      self.init(name: text, type: "hardlink")
      linkName = String(decoding: target.bytes, as: UTF8.self)
    case .characterDevice(let major, let minor):
      self.init(name: text, type: "char")
      (devMajor, devMinor) = (major, minor)
    case .blockDevice(let major, let minor):
      self.init(name: text, type: "block")
      (devMajor, devMinor) = (major, minor)
    case .fifo: self.init(name: text, type: "fifo")
    }
    modtime = entry.modificationTime.rfc3339
    mode = Int(entry.mode)
    if entry.uid != 0 { uid = entry.uid }
    if entry.gid != 0 { gid = entry.gid }
    if !entry.extendedAttributes.isEmpty {
      xattrs = Dictionary(uniqueKeysWithValues: entry.extendedAttributes.map { ($0.name, Data($0.value)) })
    }
  }
}
