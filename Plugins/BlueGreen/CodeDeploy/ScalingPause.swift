import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Keeps Application Auto Scaling from changing the number of tasks while two task sets run. What was before is written
/// down first, as a tag of the scalable target: who comes after a run that was cut off finds it there.
struct ScalingPause: Sendable {
  private let client: ECSClient
  private let context: PluginContext
  private let target: JSONValue
  private let arn: String

  static let tag = "slipway:suspended-state"
  private static let members = [
    "DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended",
  ]

  /// Nil where it is not asked for, or nothing scales the service.
  /// - Throws: `PluginFailure` of the category `config`, `CancellationError`.
  init?(_ scene: BlueGreenScene) async throws {
    guard try scene.settings.config.bool("suspend-autoscaling") == true else { return nil }
    guard let target = try await AutoscalingRegistrar(scene.client, scene.settings.address).current() else {
      return nil
    }
    guard let arn = target["ScalableTargetARN"]?.string else {
      scene.context.warn(
        "autoscaling-not-suspended",
        "the scalable target of \(scene.service.name) has no ARN: nothing can be written down",
        path: "/suspend-autoscaling")
      return nil
    }
    (client, context, self.target, self.arn) = (scene.client, scene.context, target, arn)
  }

  /// Writes down what is, and suspends. Where that cannot be written down, nothing is suspended.
  /// - Throws: `CancellationError`.
  func begin() async throws {
    if try await written() == nil {
      let before = Self.text(target["SuspendedState"])
      guard
        try await quietly(
          "TagResource", ["ResourceARN": .string(arn), "Tags": .members([(Self.tag, .string(before))])])
      else { return notSuspended("application-autoscaling:TagResource") }
    }
    guard try await set(.members(Self.members.map { ($0, true) })) else {
      return notSuspended("application-autoscaling:RegisterScalableTarget")
    }
    context.progress("suspend autoscaling", state: .done)
  }

  /// Puts back what was written down, if anything was.
  /// - Throws: `CancellationError`.
  func end() async throws {
    guard let text = try await written() else { return }
    guard try await set(Self.state(text)) else {
      context.warn(
        "autoscaling-not-restored", "autoscaling stays suspended: \(target["ResourceId"]?.string ?? arn)",
        help: ["deploy again, or set its SuspendedState to \(Self.state(text).text)"])
      return
    }
    _ = try await quietly("UntagResource", ["ResourceARN": .string(arn), "TagKeys": [.string(Self.tag)]])
    context.progress("restore autoscaling", state: .done)
  }

  private func notSuspended(_ action: String) {
    context.warn(
      "autoscaling-not-suspended", "autoscaling goes on during the deployment: \(action) is not permitted",
      help: ["permit \(action), or leave suspend-autoscaling out"], path: "/suspend-autoscaling")
  }

  private func written() async throws -> String? {
    let answer = try await client.quietly(
      .applicationAutoScaling, "ListTagsForResource", ["ResourceARN": .string(arn)])
    return answer?["Tags"]?[Self.tag]?.string
  }

  private func set(_ state: JSONValue) async throws -> Bool {
    var parameters: JSONValue = [:]
    for name in ["ServiceNamespace", "ResourceId", "ScalableDimension"] { parameters[name] = target[name] }
    parameters["SuspendedState"] = state
    return try await quietly("RegisterScalableTarget", parameters)
  }

  private func quietly(_ operation: String, _ parameters: JSONValue) async throws -> Bool {
    try await client.quietly(.applicationAutoScaling, operation, parameters) != nil
  }

  /// Values of tags have no commas.
  private static func text(_ state: JSONValue?) -> String {
    members.map { "\($0)=\(state?[$0]?.bool ?? false)" }.joined(separator: " ")
  }

  private static func state(_ text: String) -> JSONValue {
    .members(members.map { ($0, .bool(text.contains("\($0)=true"))) })
  }
}
