public import SystemPackage

/// A command with all that it sees beside its root file system.
public struct SandboxCommand: Sendable, Hashable {
  public enum Network: Sendable, Hashable {
    /// The network of the host, shared.
    case host
    /// A network of its own with a loopback interface only.
    case none
  }

  /// Name or path of the program first, as execve(2) takes them. A name is looked up in the `PATH` of
  /// `environment`, inside the root file system.
  public var arguments: [String]
  /// `NAME=value` each, as in an image's configuration; nothing of the host's environment comes in.
  public var environment: [String]
  /// Must exist inside the root file system.
  public var workingDirectory: FilePath = "/"
  public var user: SandboxUser = .root
  public var network: Network = .host
  /// At most 64 bytes. Where the seccomp filter of a container refuses to set it, the container's stays.
  public var hostName: String = "buildkitsandbox"
  /// In the order in which they are mounted, so a mount may lie inside an earlier one.
  public var mounts: [SandboxMount] = []
  /// Shown as `/etc/resolv.conf`; nil leaves the file of the root file system.
  public var resolvConf: [UInt8]?
  /// Shown as `/etc/hosts`; nil leaves the file of the root file system.
  public var hosts: [UInt8]?
  /// Of `/dev/shm`, in bytes; nil is 64 MiB, as in Docker.
  public var sharedMemorySize: UInt64?
  /// Limits of the command and all that it starts; the others are those of this process.
  public var limits: [SandboxLimit] = []
  /// What it reads; nil is nothing. The caller closes it.
  public var input: FileDescriptor?
  /// The command and all that it started are killed when it takes longer.
  public var timeout: Duration?
  /// Whether it is run on a terminal, which becomes that of its session.
  var hasTerminal = false

  public init(_ arguments: [String], environment: [String] = []) {
    self.arguments = arguments
    self.environment = environment
  }
}

/// Whom a command runs as, in the ids of the root file system.
public struct SandboxUser: Sendable, Hashable {
  public var uid: UInt32
  public var gid: UInt32
  public var supplementaryGroups: [UInt32]

  public static let root = SandboxUser(uid: 0, gid: 0)

  public init(uid: UInt32, gid: UInt32, supplementaryGroups: [UInt32] = []) {
    self.uid = uid
    self.gid = gid
    self.supplementaryGroups = supplementaryGroups
  }
}

/// Something that appears at a path of the root file system for the time of a command and leaves no trace there.
///
/// A target that does not exist is made, with its parents, and removed again from the upper folder. Symbolic links on
/// the way to it are resolved inside the root.
public struct SandboxMount: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    /// A file or folder of the host, with the mounts below it.
    case bind(FilePath, readOnly: Bool)
    /// Files of layers that are joined for the mount; see `SandboxLayers`.
    case layers(SandboxLayers)
    /// An empty file system in memory, with the mode of the folder that it covers, else 1777, which belongs to root. The
    /// size is in bytes; nil is half of the memory.
    case tmpfs(size: UInt64?)
    /// A file in memory, which never touches a disk: for secrets.
    case content([UInt8], mode: UInt16, uid: UInt32, gid: UInt32)
  }

  public var source: Source
  /// Absolute, inside the root.
  public var target: FilePath

  public init(_ source: Source, at target: FilePath) {
    self.source = source
    self.target = target
  }
}

/// A part of what layers show when they lie on each other, without being the root file system of the command.
public struct SandboxLayers: Sendable, Hashable {
  /// Where what the command writes goes.
  public struct Changes: Sendable, Hashable {
    /// Its mode and owner are those of the joined layers' root.
    public var upper: FilePath
    /// An empty folder on the same file system, for overlayfs alone.
    public var work: FilePath

    public init(upper: FilePath, work: FilePath) {
      self.upper = upper
      self.work = work
    }
  }

  /// Folders of the host, the bottom one first; at least one.
  public var lowers: [FilePath]
  /// What is shown: a folder or a file, absolute inside the layers. Symbolic links lead nowhere else.
  public var path: FilePath
  /// Nil is read-only.
  public var changes: Changes?

  public init(_ lowers: [FilePath], path: FilePath, changes: Changes?) {
    self.lowers = lowers
    self.path = path
    self.changes = changes
  }
}
