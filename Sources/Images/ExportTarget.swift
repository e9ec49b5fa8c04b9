public import Archive
import HostOS
public import SystemPackage

/// Where an exported file goes.
public enum ExportTarget: Sendable {
  /// A file that appears when it is complete; a device or a pipe, which is written to.
  case file(FilePath)
  /// An open descriptor, such as standard output.
  case descriptor(FileDescriptor)

  public func write(_ body: (any ByteSink) throws -> Void) throws {
    switch self {
    case .descriptor(let descriptor): try body(FileByteSink(descriptor))
    case .file(let path) where Files.isStream(path):
      try Files.withDescriptor(path, .writeOnly) { try body(FileByteSink($0, path: path)) }
    case .file(let path):
      let folder = path.removingLastComponent()
      let temporary = folder.appending(".\(path.lastComponent?.string ?? "archive").\(Files.uniqueName())")
      do {
        try Files.withDescriptor(
          temporary, .writeOnly, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o644)
        ) { descriptor in
          try body(FileByteSink(descriptor, path: temporary))
          try Files.synchronize(descriptor, temporary)
        }
        try Files.rename(temporary, to: path)
      } catch {
        try? Files.removeTree(temporary)
        throw error
      }
    }
  }
}
