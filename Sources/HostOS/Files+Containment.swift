import Glibc
public import SystemPackage

extension Files {
  /// Follows a path below a folder that nobody else changes meanwhile: nil when there is nothing, or when it leads out
  /// of the folder, by `..` or by symbolic links.
  /// - Parameter relative: slashes at its beginning do not count.
  /// - Returns: a path without symbolic links.
  /// - Throws: `HostError` when `folder` cannot be reached.
  public static func resolve(_ relative: String, inside folder: FilePath) throws -> FilePath? {
    guard let root = realPath(folder) else { throw HostError("look at", folder, .current) }
    let below = FilePath(String(relative.drop { $0 == "/" }))
    guard !relative.utf8.contains(0), let found = realPath(root.pushing(below)) else { return nil }
    return found.starts(with: root) ? found : nil
  }

  private static func realPath(_ path: FilePath) -> FilePath? {
    guard let resolved = path.withPlatformString({ realpath($0, nil) }) else { return nil }
    defer { free(resolved) }
    return FilePath(platformString: resolved)
  }
}
