public import DeployPlugins
public import HostOS

/// How often a service is asked how far it is.
public struct Pace: Sendable, Hashable {
  public var first: Duration
  public var longest: Duration

  /// Grows from one second to ten: throttling is per account, and others work there as well.
  public init() {
    first = .seconds(1)
    longest = .seconds(10)
  }

  public init(fixed: Duration) {
    first = fixed
    longest = fixed
  }

  /// `poll-interval`, else the environment's `SLIPWAY_POLL_INTERVAL`, else the default.
  /// - Throws: `PluginFailure` of the category `config`.
  public init(_ config: DeployConfig, environment: Environment) throws(PluginFailure) {
    if let duration = try config.duration("poll-interval") {
      self.init(fixed: max(duration, .milliseconds(1)))
    } else if let duration = environment.nonEmpty("SLIPWAY_POLL_INTERVAL").flatMap(Duration.init(text:)) {
      self.init(fixed: max(duration, .milliseconds(1)))
    } else {
      self.init()
    }
  }

  /// The pause after so many rounds, the first of which is 0.
  public func pause(after round: Int) -> Duration { min(first * (1 + Double(min(round, 1000)) / 2), longest) }

  /// - Throws: `CancellationError`.
  public func sleep(after round: Int) async throws { try await Task.sleep(for: pause(after: round)) }
}
