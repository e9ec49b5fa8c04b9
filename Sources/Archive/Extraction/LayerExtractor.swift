import Diagnostics
import HostOS
public import SystemPackage

/// Unpacks a layer into a folder, as a lower folder of an overlay mount or as plain files.
///
/// Whatever the tar says, nothing outside the folder is touched: paths are resolved by the kernel with the folder as
/// root (openat2(2), Linux 5.6). Symbolic links on the way are followed inside the folder, as in a container. When it
/// fails, the folder is left half filled: unpack into a temporary folder and rename it.
public struct LayerExtractor: Sendable {
  public enum Mode: Sendable, Hashable {
    /// Deletions become what overlayfs takes for deletions: character devices 0/0 and opaque folders.
    case overlay(OverlayNamespace)
    /// Deletions delete what is in the folder already, so that layers can be unpacked one over the other.
    case plain
  }

  public enum Ownership: Sendable, Hashable {
    /// An owner that cannot be given is an error.
    case restore
    /// An owner that cannot be given is a warning.
    case restoreWherePermitted
    /// An owner other than root is recorded in an extended attribute: see `OwnerAttribute`. Links, pipes and devices
    /// cannot have any, and lose it.
    case record
    /// Everything belongs to whoever unpacks.
    case ignore
  }

  public enum DevicePolicy: Sendable, Hashable {
    /// In a user namespace device nodes cannot be made: a warning for each, and the entry is left out.
    case skipWhereRefused
    /// The first device node that cannot be made is an error.
    case require
  }

  public struct Options: Sendable {
    public var mode: Mode
    public var ownership: Ownership
    public var devices: DevicePolicy
    /// Limits, expected digests, and whether an index is made on the way.
    public var reading: LayerReader.Options

    public init(
      mode: Mode, ownership: Ownership = .restore, devices: DevicePolicy = .skipWhereRefused,
      reading: LayerReader.Options = LayerReader.Options()
    ) {
      self.mode = mode
      self.ownership = ownership
      self.devices = devices
      self.reading = reading
    }
  }

  /// An existing folder.
  public let root: FilePath
  public var options: Options

  public init(into root: FilePath, options: Options) {
    self.root = root
    self.options = options
  }

  /// - Throws: `ArchiveError` for a layer that is damaged, hostile, beyond the limits or not the expected one;
  ///   `HostError` when the machine refuses; what the source throws.
  public func extract(_ source: any ByteSource) throws -> UnpackedLayer.Result { try unpack(source).finish() }

  /// Writes all files, and leaves the attributes of folders for later: by then it may be known what lower layers have.
  /// - Throws: as `extract` does.
  public func unpack(_ source: any ByteSource) throws -> UnpackedLayer {
    let reader = try LayerReader(source, options: options.reading)
    let writer = try TreeWriter(root: root, options: options)
    while let entry = try reader.next() {
      try writer.write(entry) { descriptor in
        try Self.copyContent(of: entry, from: reader, to: descriptor)
      }
    }
    return UnpackedLayer(writer, try reader.finish())
  }

  /// Holes stay holes.
  private static func copyContent(of entry: TreeEntry, from reader: LayerReader, to file: FileDescriptor) throws {
    var end: Int64 = 0
    do {
      while let piece = try reader.nextPiece() {
        try file.writeAll(toAbsoluteOffset: piece.offset, piece.bytes)
        end = piece.offset + Int64(piece.bytes.count)
      }
      if end < entry.size { try file.resize(to: entry.size) }
    } catch let errno as Errno {
      throw HostError("write", entry.path.filePath, errno)
    }
  }
}

/// Warnings while a layer is unpacked: the first of them, and the number of the others, since a hostile layer could
/// cause any number.
struct ExtractionWarnings {
  private var kept: [Diagnostic] = []
  private var others = 0
  private static let limit = 50

  mutating func add(_ code: DiagnosticCode, _ message: String, help: [String] = []) {
    if kept.count < Self.limit { kept.append(.warning(code, message, help: help)) } else { others += 1 }
  }

  var diagnostics: [Diagnostic] {
    others == 0 ? kept : kept + [.warning("layer-unpack", "\(others) more such warnings are not shown")]
  }
}
