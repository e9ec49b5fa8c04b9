import Diagnostics
import HostOS
public import SystemPackage

/// Where the value of a secret comes from (`--secret`). It is read when a command asks for it.
public enum SecretSource: Sendable, Hashable {
  case file(FilePath)
  case bytes([UInt8])

  /// As much as BuildKit takes.
  static let limit = 500 << 10

  /// - Throws: `HostError`.
  public func read() throws -> [UInt8] {
    switch self {
    case .file(let path): try Files.read(path, limit: Self.limit)
    case .bytes(let bytes): bytes
    }
  }
}
