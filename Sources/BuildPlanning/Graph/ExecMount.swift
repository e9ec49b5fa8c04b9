public import Diagnostics
public import DockerfileSyntax

/// What `RUN --mount` puts at a path for the time of a command (Dockerfile reference, "RUN --mount"). All variables
/// are expanded, all defaults filled in.
public struct ExecMount: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case bind(Bind)
    case cache(Cache)
    /// The size is in bytes; nil is half of the memory.
    case tmpfs(size: Int64?)
    case secret(Secret)
    case ssh(SSH)
  }

  /// Absolute. Nil for a secret that is a variable only.
  public var target: String?
  public var kind: Kind
  /// Where the mount is written.
  public var place: SourceAnnotation?

  public init(target: String?, kind: Kind, place: SourceAnnotation?) {
    self.target = target
    self.kind = kind
    self.place = place
  }

  /// The vertex whose files it shows or begins with.
  public var source: VertexID? {
    switch kind {
    case .bind(let bind): bind.source
    case .cache(let cache): cache.source
    case .tmpfs, .secret, .ssh: nil
    }
  }

  /// Files of a tree. What is written to them is lost.
  public struct Bind: Sendable, Hashable {
    /// Nil is the empty tree.
    public var source: VertexID?
    /// Absolute, inside the source: a folder or a file.
    public var path: String
    public var isReadOnly: Bool
  }

  /// A folder that is kept from build to build, and is no part of the command's meaning.
  public struct Cache: Sendable, Hashable {
    public var id: String
    public var sharing: CacheSharing
    /// Gives the first content; nil is an empty folder.
    public var source: VertexID?
    /// Absolute, inside the source.
    public var path: String
    public var isReadOnly: Bool
    /// Of the folder when it is made: permission bits and owner.
    public var mode: UInt16
    public var uid: UInt32
    public var gid: UInt32
  }

  public struct Secret: Sendable, Hashable {
    public var id: String
    /// The variable that gets the secret.
    public var variable: String?
    /// Whether the build fails when nobody gave the secret.
    public var isRequired: Bool
    /// Of the file: permission bits and owner.
    public var mode: UInt16
    public var uid: UInt32
    public var gid: UInt32
  }

  /// The socket of an agent, which `SSH_AUTH_SOCK` names.
  public struct SSH: Sendable, Hashable {
    public var id: String
    public var isRequired: Bool
    /// Of the socket: permission bits and owner.
    public var mode: UInt16
    public var uid: UInt32
    public var gid: UInt32
  }
}
