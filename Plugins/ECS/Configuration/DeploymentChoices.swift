/// What to do when a deployment does not come to its end: `on-timeout`, `on-failure`.
public enum FailureAction: String, Sendable, Hashable, CaseIterable {
  /// Say so, and leave things as they are.
  case fail
  /// Go back to what was there before.
  case rollback
}

/// What to do when somebody cancels: `on-cancel`.
public enum CancelAction: String, Sendable, Hashable, CaseIterable {
  /// ECS goes on by itself.
  case leave
  /// Tell ECS to end the deployment, which returns to what was there before; do not wait for it.
  case stop
  /// Go back to what was there before, and wait until that is done.
  case rollback
}
