import Glibc
public import SystemPackage

/// A fresh folder that is removed, with all it holds, when the value goes.
public struct TemporaryDirectory: ~Copyable {
  public let path: FilePath

  /// - Parameter parent: where to make it; `TMPDIR`, else `/tmp`, when nil.
  /// - Throws: `HostError`.
  public init(prefix: String = "slipway", in parent: FilePath? = nil) throws {
    let parent = parent ?? FilePath(Environment.current.nonEmpty("TMPDIR") ?? "/tmp")
    path = parent.appending("\(prefix)-\(Files.uniqueName())")
    guard path.withPlatformString({ mkdir($0, 0o700) }) == 0 else {
      throw HostError("create the folder", path, .current)
    }
  }

  deinit { try? Files.removeTree(path) }
}
