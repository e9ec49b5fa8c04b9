/// `HEALTHCHECK [flags] CMD command` or `HEALTHCHECK NONE`
public struct HealthcheckInstruction: Sendable, Hashable {
  public enum Check: Sendable, Hashable {
    /// No check, not even the base image's.
    case none
    case command(CommandLine)
  }

  public var check: Check
  /// `--interval`; nil means the default, as it does for the other times.
  public var interval: Duration?
  public var timeout: Duration?
  public var startPeriod: Duration?
  public var startInterval: Duration?
  /// `--retries`; nil means the default.
  public var retries: Int?

  public init(check: Check) {
    self.check = check
  }
}
