public import HostOS
public import SystemPackage

/// What `slipway check` is asked for.
public struct CheckRequest: Sendable {
  public var file: FilePath
  /// `NAME=value`, or `NAME` for the value of the environment.
  public var buildArguments: [String] = []
  public var target: String?
  /// `OS/ARCH[/VARIANT]`; nil is that of this machine.
  public var platform: String?
  public var environment: Environment

  public init(file: FilePath, environment: Environment) {
    self.file = file
    self.environment = environment
  }
}
