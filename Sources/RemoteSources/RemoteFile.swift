public import HostOS
public import OCI
public import SystemPackage

/// A file that was fetched. It stays where it is; do not change it.
public struct RemoteFile: Sendable, Hashable {
  public var path: FilePath
  /// SHA-256 of the content.
  public var digest: Digest
  /// In bytes.
  public var size: Int64
  /// What the server said; nil when it did not.
  public var lastModified: Timestamp?
  /// Whether the content was here already and only asked after, if that.
  public var isReused: Bool
}

/// What is remembered of a URL, so that its file need not be fetched again.
struct RemoteFileRecord: Codable {
  /// The `ETag` as the server sent it.
  var entityTag: String?
  /// The `Last-Modified` as the server sent it.
  var lastModified: String?
  var digest: Digest
  var size: Int64
}
