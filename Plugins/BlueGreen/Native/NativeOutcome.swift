import DeployPlugins
import ECSDeployment

/// How a deployment by ECS's own strategies ended.
enum NativeOutcome: Sendable {
  case succeeded
  case rolledBack
  case rollbackFailed
  /// Somebody ended it.
  case stopped
  /// Another revision took its place.
  case superseded(by: String)
  /// Its tasks end again and again; ECS would go on for ever.
  case crashLoop(failures: Int)
  /// A gate was not passed.
  case notVerified(PluginFailure)
  /// A hook waits for a decision; only for those who do not wait for it.
  case waitingForApproval
  case timedOut
  case cancelled
}
