public import Diagnostics

/// `RUN --mount=type=…,option=value,…`
public struct RunMount: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case bind(BindMount)
    case cache(CacheMount)
    case tmpfs(TmpfsMount)
    case secret(SecretMount)
    case ssh(SSHMount)
  }

  /// The whole flag.
  public var range: SourceRange
  public var kind: Kind

  public init(range: SourceRange, kind: Kind) {
    self.range = range
    self.kind = kind
  }
}

/// Files of the context, a stage or an image; what is written to them is discarded.
public struct BindMount: Sendable, Hashable {
  public var target: Word?
  public var source: Word?
  /// Never holds variables.
  public var from: Word?
  /// `ro`, `readonly`, `rw`, `readwrite`; absent means read-only.
  public var readOnly: MountOption<Bool>?

  public init() {}
}

/// A folder that is kept from build to build.
public struct CacheMount: Sendable, Hashable {
  public var target: Word?
  /// Absent means the target.
  public var id: Word?
  /// Absent means writable.
  public var readOnly: MountOption<Bool>?
  public var sharing: MountOption<CacheSharing>?
  /// Gives the first content. Never holds variables.
  public var from: Word?
  public var source: Word?
  public var mode: MountOption<FileMode>?
  public var uid: MountOption<UInt32>?
  public var gid: MountOption<UInt32>?

  public init() {}
}

/// A folder in memory.
public struct TmpfsMount: Sendable, Hashable {
  public var target: Word?
  public var size: MountOption<ByteCount>?

  public init() {}
}

/// A file, or a variable, that holds a secret.
public struct SecretMount: Sendable, Hashable {
  /// Absent means the last component of the target.
  public var id: Word?
  /// Absent means `/run/secrets/<id>`, or no file at all when `env` is given.
  public var target: Word?
  /// The variable that gets the secret.
  public var env: Word?
  public var required: MountOption<Bool>?
  public var mode: MountOption<FileMode>?
  public var uid: MountOption<UInt32>?
  public var gid: MountOption<UInt32>?

  public init() {}
}

/// The socket of an SSH agent.
public struct SSHMount: Sendable, Hashable {
  /// Absent means `default`.
  public var id: Word?
  public var target: Word?
  public var required: MountOption<Bool>?
  public var mode: MountOption<FileMode>?
  public var uid: MountOption<UInt32>?
  public var gid: MountOption<UInt32>?

  public init() {}
}
