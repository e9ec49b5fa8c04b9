public import SystemPackage

/// The file system that a command sees: read-only layers below, a folder that takes the changes on top, joined by
/// overlayfs.
public struct RootFilesystem: Sendable, Hashable {
  /// Unpacked layers, the bottom one first. May be empty, as for `FROM scratch`.
  public var lowers: [FilePath]
  /// Takes what the command changes: new files, whiteouts (character device 0/0) and opaque folders (extended
  /// attribute `Sandbox.opaqueAttribute`). Its own mode and owner are those of `/`.
  public var upper: FilePath
  /// An empty folder on the same file system as `upper`, for overlayfs alone. Remove it with `Files.removeTree`.
  public var work: FilePath

  public init(lowers: [FilePath], upper: FilePath, work: FilePath) {
    self.lowers = lowers
    self.upper = upper
    self.work = work
  }
}
