internal import Glibc
internal import HostOS
internal import SystemPackage

/// One thing in a tree that a test writes; a string literal is a file of mode 0644.
public enum ScratchEntry: Sendable, ExpressibleByStringInterpolation {
  case bytes([UInt8], mode: UInt16)
  case directory(mode: UInt16 = 0o755)
  case symbolicLink(String)
  case fifo

  public static func file(_ text: String, mode: UInt16 = 0o644) -> ScratchEntry {
    .bytes(Array(text.utf8), mode: mode)
  }

  public init(stringLiteral value: String) { self = .file(value) }

  func create(at path: FilePath) throws {
    switch self {
    case .bytes(let content, let mode):
      try Files.withDescriptor(
        path, .writeOnly, options: [.create, .truncate],
        permissions: FilePermissions(rawValue: 0o600)
      ) { descriptor in _ = try descriptor.writeAll(content) }
      try Self.check(
        path.withPlatformString { chmod($0, mode_t(mode)) }, "change the mode of", path)
    case .directory(let mode):
      try Files.createDirectories(path)
      try Self.check(
        path.withPlatformString { chmod($0, mode_t(mode)) }, "change the mode of", path)
    case .symbolicLink(let target):
      try Self.check(path.withPlatformString { symlink(target, $0) }, "link", path)
    case .fifo:
      try Self.check(path.withPlatformString { mkfifo($0, 0o644) }, "make the pipe", path)
    }
  }

  private static func check(_ result: Int32, _ operation: String, _ path: FilePath) throws {
    guard result == 0 else { throw HostError(operation, path, .current) }
  }
}
