/// What follows a phase: CodeBuild's table ("Build phase transitions").
public enum PhaseTransition: Sendable, Hashable {
  /// The next phase; artifacts after the last one.
  case next
  /// No further phase, and no artifacts.
  case end

  /// - Parameter action: `on-failure` of the phase; attempts of RETRY are over.
  public static func after(_ phase: Phase.Name, failed: Bool, _ action: Phase.FailureAction?) -> PhaseTransition {
    guard failed else { return .next }
    switch action {
    case .abort: return .end
    case .goOn: return .next
    case .retry, nil: return phase == .install || phase == .preBuild ? .end : .next
    }
  }
}

/// What became of a phase.
public struct PhaseOutcome: Sendable, Hashable {
  /// As logs have it, such as `PRE_BUILD`.
  public var name: String
  public var succeeded: Bool
  /// CodeBuild's, such as `COMMAND_EXECUTION_ERROR`; empty when it succeeded.
  public var statusCode: String
  public var message: String
  public var duration: Duration

  public init(
    _ name: String, succeeded: Bool = true, statusCode: String = "", message: String = "", duration: Duration = .zero
  ) {
    self.name = name
    self.succeeded = succeeded
    self.statusCode = statusCode
    self.message = message
    self.duration = duration
  }
}
