/// How the deployment of a revision ended.
public enum RolloutOutcome: Sendable, Hashable {
  /// Our revision won.
  case succeeded
  /// ECS, or somebody, went back to what was there before.
  case rolledBack
  case rollbackFailed
  /// Somebody deployed another revision meanwhile.
  case superseded(by: String)
  /// Somebody ended it.
  case stopped
  /// ECS gave it up; nothing new starts, and what was there before was not brought back.
  case failed
  /// Nobody gives it up, but its tasks end again and again.
  case crashLoop(failures: Int)
  /// The service is no longer there.
  case vanished
  case timedOut
  case cancelled
}
