public import Diagnostics

/// What `docker run` is asked for, as the command line gives it.
public struct DockerRunRequest: Sendable {
  public var image: String
  /// In place of the image's command.
  public var arguments: [String] = []
  /// In place of the image's entrypoint; the empty text takes it away.
  public var entrypoint: String?
  /// `NAME=value` each; names alone are filled in already.
  public var environment: [String] = []
  public var workingDirectory: String?
  /// `USER[:GROUP]`.
  public var user: String?
  public var network: String?
  /// `NAME:ADDRESS`.
  public var hosts: [String] = []
  public var hostName: String?
  /// `/HOST:/PATH[:ro]`.
  public var volumes: [String] = []
  /// `type=bind,source=…,target=…`, `type=tmpfs,target=…`.
  public var mounts: [String] = []
  /// `/PATH[:size=64m]`.
  public var temporaryFolders: [String] = []
  public var sharedMemorySize: String?
  public var limits: [String] = []
  public var platform: String?
  /// `missing`, `always` or `never`.
  public var pull = "missing"
  public var name: String?
  /// Whether what the command changes is kept, for `docker cp`.
  public var keepsChanges = false
  /// Whether the command reads standard input.
  public var isInteractive = false
  /// Whether it runs on the terminal, if there is one.
  public var wantsTerminal = false

  public init(image: String) { self.image = image }
}

/// What became of a container.
public enum DockerRunOutcome: Sendable {
  /// The command's exit code, or 128 and the number of a signal.
  case ended(ExitCode)
  /// Another process of ours did it.
  case delegated(ExitCode)
}

extension DockerError {
  /// A container that could not be run, in docker's words.
  static func container(_ words: String, exitCode: Int32 = 125) -> DockerError {
    DockerError("docker: Error response from daemon: \(words)", exitCode: .init(rawValue: exitCode))
  }
}
