public import SystemPackage

/// Trees of files that commands left behind.
public enum FileTree {
  /// Removes a file, or a folder with all that it holds, whatever modes and owners its files have.
  /// - Throws: `SandboxError`.
  public static func remove(_ path: FilePath) throws {
    throw SandboxError(.unavailable("not finished"))
  }
}
