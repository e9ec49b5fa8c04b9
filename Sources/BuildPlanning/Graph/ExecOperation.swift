public import OCI

/// RUN: one command on a file tree.
public struct ExecOperation: Sendable, Hashable {
  /// Nil is the empty tree.
  public var root: VertexID?
  /// What the command was made for. It can run here only when this machine executes such programs.
  public var platform: Platform
  public var arguments: [String]
  /// `NAME=value`; what the command sees, with the values of ARGs.
  public var environment: [String]
  /// Proxy settings, which the command sees, but which are not part of what it means.
  public var proxyEnvironment: [String] = []
  public var workingDirectory = "/"
  /// As USER says it; empty means root.
  public var user = ""
  public var network = Network.host
  /// A here-document that is executed by itself, because it names its interpreter.
  public var script: Script?
  /// The program of the stage's shell, for people who look into what failed; it is no part of what the command means.
  public var shell = "/bin/sh"
  /// In the order in which they are mounted.
  public var mounts: [ExecMount] = []
  /// Limits and names that `slipway build` was asked for.
  public var surroundings = ExecSurroundings()

  public init(root: VertexID?, platform: Platform, arguments: [String], environment: [String]) {
    self.root = root
    self.platform = platform
    self.arguments = arguments
    self.environment = environment
  }

  /// A file that is there for the command alone.
  public struct Script: Sendable, Hashable {
    /// Absolute.
    public var path: String
    public var content: [UInt8]
  }

  public enum Network: String, Sendable, Hashable, Codable {
    case host, none
  }
}

/// What a command finds around itself beside files: the same for all commands of a build.
public struct ExecSurroundings: Sendable, Hashable {
  /// Lines of `/etc/hosts` (`--add-host`), part of what a command means.
  public var hosts: [Host] = []
  /// Of `/dev/shm`, in bytes (`--shm-size`); nil is the usual 64 MiB.
  public var sharedMemorySize: Int64?
  /// `--ulimit`.
  public var limits: [Limit] = []

  public init() {}

  public struct Host: Sendable, Hashable {
    public var name: String
    /// IPv4 or IPv6.
    public var address: String

    public init(name: String, address: String) {
      self.name = name
      self.address = address
    }
  }

  /// A limit of setrlimit(2).
  public struct Limit: Sendable, Hashable {
    /// As `ulimit` of docker has it: `nofile`, `nproc`.
    public var name: String
    /// -1 is no limit.
    public var soft: Int64
    public var hard: Int64

    public init(name: String, soft: Int64, hard: Int64) {
      self.name = name
      self.soft = soft
      self.hard = hard
    }
  }
}
