public import JSON

/// How a deployment is or ended: the result of `apply`, `status` and `rollback`.
public struct DeploymentReport: Sendable, Hashable {
  public var state: DeploymentState
  /// One sentence.
  public var summary: String
  /// What was changed.
  public var changes: [PlannedChange]
  /// Values that others go on with, such as `taskDefinition`.
  public var outputs: JSONValue

  public init(
    _ state: DeploymentState, summary: String, changes: [PlannedChange] = [], outputs: JSONValue = [:]
  ) {
    self.state = state
    self.summary = summary
    self.changes = changes
    self.outputs = outputs
  }
}

/// How far a deployment is.
public enum DeploymentState: String, Sendable, Hashable, Codable, CaseIterable {
  case succeeded
  /// There was nothing to do.
  case unchanged
  case inProgress = "in-progress"
  /// It waits for somebody's decision.
  case waitingForApproval = "waiting-for-approval"
  case failed
  /// It failed, and what was there before is there again.
  case rolledBack = "rolled-back"
  case rollbackFailed = "rollback-failed"
  /// A later deployment took its place.
  case superseded
  case timedOut = "timed-out"
  /// Somebody ended it.
  case stopped
}
