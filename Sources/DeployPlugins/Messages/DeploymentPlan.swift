public import JSON

/// What a deployment would do: the result of `plan`.
public struct DeploymentPlan: Sendable, Hashable {
  /// One sentence.
  public var summary: String
  /// In the order in which they will be made; empty when everything is as it should be.
  public var changes: [PlannedChange]
  /// What `apply` needs beside the request; people do not see it.
  public var state: JSONValue

  public init(summary: String, changes: [PlannedChange] = [], state: JSONValue = [:]) {
    self.summary = summary
    self.changes = changes
    self.state = state
  }
}

/// One thing that a deployment changes.
public struct PlannedChange: Sendable, Hashable {
  /// A verb for people: `create`, `register`, `update`, `run`, `shift`, `delete`.
  public var action: String
  /// What is changed, such as `service web`.
  public var target: String
  /// Shown as a difference; nil on one side is something that was not there, or will not be.
  public var before: JSONValue?
  public var after: JSONValue?
  /// Whatever else there is to say.
  public var note: String?

  public init(
    _ action: String, _ target: String, before: JSONValue? = nil, after: JSONValue? = nil, note: String? = nil
  ) {
    self.action = action
    self.target = target
    self.before = before
    self.after = after
    self.note = note
  }
}
