import AWS
import DeployPlugins
public import JSON

extension ECSClient {
  /// A task definition with its tags, as `DescribeTaskDefinition` answers.
  /// - Parameter name: a family, a revision or an ARN.
  /// - Returns: nil when there is none.
  public func taskDefinition(_ name: String) async throws -> JSONValue? {
    do {
      let answer = try await call("DescribeTaskDefinition", ["taskDefinition": .string(name), "include": ["TAGS"]])
      guard answer["taskDefinition"]?.object != nil else { return nil }
      return answer
    } catch let error as AWSError where error.serviceCode == "ClientException" {
      // "Unable to describe task definition."
      return nil
    }
  }

  /// A revision that is there already and says what the draft says: that which is in use, else the newest of the family.
  public func reusable(_ draft: TaskDefinitionDraft, inUse: JSONValue?) async throws -> String? {
    if let inUse, let arn = Self.active(inUse), TaskDefinitionDraft(describing: inUse).isSame(as: draft) { return arn }
    guard !draft.family.isEmpty, let newest = try await taskDefinition(draft.family), let arn = Self.active(newest)
    else { return nil }
    return TaskDefinitionDraft(describing: newest).isSame(as: draft) ? arn : nil
  }

  private static func active(_ answer: JSONValue) -> String? {
    let definition = answer["taskDefinition"]
    guard definition?["status"]?.string ?? "ACTIVE" == "ACTIVE" else { return nil }
    return definition?["taskDefinitionArn"]?.string
  }

  /// Makes a revision.
  /// - Returns: its ARN.
  public func register(_ draft: TaskDefinitionDraft) async throws -> String {
    do {
      let answer = try await change(.ecs, "RegisterTaskDefinition", draft.json)
      guard let arn = answer["taskDefinition"]?["taskDefinitionArn"]?.string else {
        throw PluginFailure(
          code: "task-definition-not-registered", message: "ECS did not say which revision of \(draft.family) it made")
      }
      return arn
    } catch let error as AWSError where error.code == .awsRefused {
      throw PluginFailure(
        code: "task-definition-refused", message: "ECS refuses the task definition \(draft.family): \(error.reason)",
        hint: KnownCause.hint(for: error.reason), path: "/task-definition", state: .failed)
    }
  }
}
