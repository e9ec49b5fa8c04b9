public import HostOS

/// One file, folder, link, device or deletion of a layer, without its content.
public struct TreeEntry: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// A regular file; its size in bytes.
    case file(size: Int64)
    case directory
    /// What the link says, byte for byte.
    case symbolicLink(target: [UInt8])
    /// Another name of a file that came earlier in the same layer.
    case hardLink(to: TreePath)
    case characterDevice(major: UInt32, minor: UInt32)
    case blockDevice(major: UInt32, minor: UInt32)
    case fifo
    /// What lower layers have at this path is deleted (image-spec, layer.md, "Whiteouts").
    case whiteout
    /// What lower layers have in the folder at this path is hidden (image-spec, layer.md, "Opaque Whiteout").
    case opaqueWhiteout
  }

  public var path: TreePath
  public var kind: Kind
  /// Permission bits with set-user-id, set-group-id and sticky.
  public var mode: UInt16
  public var uid: UInt32
  public var gid: UInt32
  public var modificationTime: Timestamp
  /// Sorted by name, no name twice.
  public var extendedAttributes: [ExtendedAttribute]

  public init(
    path: TreePath, kind: Kind, mode: UInt16, modificationTime: Timestamp,
    extendedAttributes: [ExtendedAttribute] = []
  ) {
    self.path = path
    self.kind = kind
    self.mode = mode & 0o7777
    self.uid = 0
    self.gid = 0
    self.modificationTime = modificationTime
    self.extendedAttributes = extendedAttributes.sorted { $0.name < $1.name }
  }

  /// The deletion of what lower layers have at `path`.
  public static func whiteout(_ path: TreePath, modificationTime: Timestamp = Timestamp(seconds: 0)) -> TreeEntry {
    TreeEntry(path: path, kind: .whiteout, mode: 0, modificationTime: modificationTime)
  }

  /// The hiding of all that lower layers have in the folder at `path`.
  public static func opaqueWhiteout(
    _ path: TreePath, modificationTime: Timestamp = Timestamp(seconds: 0)
  ) -> TreeEntry {
    TreeEntry(path: path, kind: .opaqueWhiteout, mode: 0, modificationTime: modificationTime)
  }

  /// The same with another owner.
  public func owned(by uid: UInt32, _ gid: UInt32) -> TreeEntry {
    var copy = self
    copy.uid = uid
    copy.gid = gid
    return copy
  }

  /// In bytes; 0 for all that is not a regular file.
  public var size: Int64 {
    if case .file(let size) = kind { size } else { 0 }
  }

  public var isDirectory: Bool { kind == .directory }

  public var isFile: Bool {
    if case .file = kind { true } else { false }
  }

  /// A deletion, plain or opaque.
  public var isWhiteout: Bool { kind == .whiteout || kind == .opaqueWhiteout }
}

/// A name and a value of xattr(7).
public struct ExtendedAttribute: Sendable, Hashable {
  public var name: String
  public var value: [UInt8]

  public init(name: String, value: [UInt8]) {
    self.name = name
    self.value = value
  }
}
