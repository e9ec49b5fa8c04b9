/// A deploy plugin, as its author writes it. `run(_:input:context:)` does the rest of deploy protocol 1.
///
/// An operation throws `PluginFailure` to say what went wrong. When the host wants it to end, its task is cancelled: it
/// puts things in order, and throws a failure of the category `cancelled`, or `CancellationError`.
public protocol DeployPlugin: Sendable {
  /// What it says of itself; only operations that it names there are asked for.
  var description: PluginDescription { get }

  /// What `apply` would do. Changes nothing.
  func plan(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentPlan
  /// Carries out a plan that `plan` made, maybe in another process and a while ago. Doing it twice gives the same.
  func apply(
    _ plan: DeploymentPlan, _ request: PluginRequest, _ context: PluginContext
  ) async throws -> DeploymentReport
  /// How things are; waits until nothing moves any more where the request wants that.
  func status(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport
  /// Goes back to the last deployment that succeeded.
  func rollback(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport
}

extension DeployPlugin {
  public func plan(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentPlan {
    throw notOffered(.plan)
  }

  public func apply(
    _ plan: DeploymentPlan, _ request: PluginRequest, _ context: PluginContext
  ) async throws -> DeploymentReport {
    throw notOffered(.apply)
  }

  public func status(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    throw notOffered(.status)
  }

  public func rollback(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    throw notOffered(.rollback)
  }

  func notOffered(_ operation: PluginOperation) -> PluginFailure {
    PluginFailure(
      code: "unknown-operation", message: "\(description.name) does not offer \(operation.rawValue)",
      hint: "its operations are \(description.operations.map(\.rawValue).joined(separator: ", "))")
  }
}
