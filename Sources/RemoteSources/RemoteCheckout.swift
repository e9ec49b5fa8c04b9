public import SystemPackage

/// Files of a commit. They stay where they are; do not change them.
public struct RemoteCheckout: Sendable, Hashable {
  /// The folder that was asked for, with all symbolic links on the way to it followed.
  public var folder: FilePath
  /// 40 or 64 hexadecimal digits.
  public var commit: String
  /// The folder of the repository, which holds no files.
  public var repository: FilePath
  /// Whether nothing had to be fetched.
  public var isReused: Bool
}
