import ECSDeployment
import JSON
import Testing

/// Answers of ECS, one after the other, and what they say of a deployment from `web:1` to `web:2`.
@Suite struct RolloutJudgeTests {
  private static func entry(
    _ revision: Int, _ status: String = "PRIMARY", _ state: JSONValue? = nil, id: String? = nil
  ) -> JSONValue {
    var value: JSONValue = [
      "status": .string(status), "taskDefinition": .string("arn:aws:ecs:x:1:task-definition/web:\(revision)"),
      "desiredCount": 2, "runningCount": 2,
    ]
    value["rolloutState"] = state
    value["id"] = (id ?? "ecs-svc/\(revision)").isEmpty ? Optional.none : .string(id ?? "ecs-svc/\(revision)")
    return value
  }

  private static func service(_ entries: JSONValue..., running: Int = 2, breaker: Bool = false) -> ECSService {
    var value: JSONValue = [
      "serviceName": "web", "status": "ACTIVE", "desiredCount": 2, "runningCount": .int(running), "pendingCount": 0,
      "deployments": .array(entries),
    ]
    if breaker {
      value["deploymentConfiguration"] = ["deploymentCircuitBreaker": ["enable": true, "rollback": true]]
    }
    return ECSService(value)
  }

  private func judge(_ id: String? = "ecs-svc/2") -> RolloutJudge {
    RolloutJudge(
      taskDefinition: "arn:aws:ecs:x:1:task-definition/web:2", previous: "arn:aws:ecs:x:1:task-definition/web:1",
      deploymentID: id)
  }

  private func outcome(_ judge: RolloutJudge, _ services: [ECSService], rounds: Int = 1) -> RolloutOutcome? {
    var judge = judge
    var outcome: RolloutOutcome?
    for service in services {
      for _ in 0..<rounds where outcome == nil { outcome = judge.outcome(service, nil) }
    }
    return outcome
  }

  @Test func anOldAnswerIsNoRollback() {
    let old = Self.service(Self.entry(1, "PRIMARY", "COMPLETED"))
    #expect(outcome(judge(), [old], rounds: 5) == nil)
    #expect(outcome(judge(), [old, Self.service(Self.entry(2, "PRIMARY", "COMPLETED"))], rounds: 5) == .succeeded)
  }

  @Test func whatWasSeenAndIsGoneWasRolledBack() {
    let ours = Self.service(Self.entry(2, "PRIMARY", "IN_PROGRESS"), Self.entry(1, "ACTIVE", "COMPLETED"))
    let back = Self.service(Self.entry(1, "PRIMARY", "COMPLETED", id: "ecs-svc/3"))
    #expect(outcome(judge(), [ours, back], rounds: 4) == .rolledBack)
  }

  @Test func aNewerRevisionSupersedes() {
    let ours = Self.service(Self.entry(2, "PRIMARY", "IN_PROGRESS"), Self.entry(1, "ACTIVE", "COMPLETED"))
    let other = Self.service(Self.entry(3, "PRIMARY", "IN_PROGRESS"), Self.entry(1, "ACTIVE", "COMPLETED"))
    #expect(
      outcome(judge(), [ours, other], rounds: 4) == .superseded(by: "arn:aws:ecs:x:1:task-definition/web:3"))
  }

  @Test func theSameRevisionAgainIsFollowed() {
    let other = Self.service(Self.entry(2, "PRIMARY", "IN_PROGRESS", id: "ecs-svc/9"))
    let done = Self.service(Self.entry(2, "PRIMARY", "COMPLETED", id: "ecs-svc/9"))
    #expect(outcome(judge(), [other, done]) == .succeeded)
  }

  @Test func aFailureWithoutAWayBackIsFinal() {
    let failed = Self.service(Self.entry(2, "PRIMARY", "FAILED"), Self.entry(1, "ACTIVE", "COMPLETED"))
    #expect(outcome(judge(), [failed]) == .failed)
  }

  @Test func aFailureWaitsForTheWayBack() {
    let failed = Self.service(Self.entry(2, "PRIMARY", "FAILED"), breaker: true)
    let going = Self.service(
      Self.entry(1, "PRIMARY", "IN_PROGRESS", id: "ecs-svc/3"), Self.entry(2, "ACTIVE", "FAILED"), breaker: true)
    let back = Self.service(Self.entry(1, "PRIMARY", "COMPLETED", id: "ecs-svc/3"), breaker: true)
    let lost = Self.service(Self.entry(1, "PRIMARY", "FAILED", id: "ecs-svc/3"), breaker: true)
    #expect(outcome(judge(), [failed, going], rounds: 3) == nil)
    #expect(outcome(judge(), [failed, going, back]) == .rolledBack)
    #expect(outcome(judge(), [failed, going, lost]) == .rollbackFailed)
    #expect(outcome(judge(), [failed], rounds: 20) == .failed)
  }

  @Test func withoutRolloutStateTheCountsDecide() {
    let moving = Self.service(Self.entry(2), Self.entry(1, "ACTIVE"), running: 3)
    #expect(outcome(judge(), [moving]) == nil)
    #expect(outcome(judge(), [Self.service(Self.entry(2), running: 1)]) == nil)
    #expect(outcome(judge(), [moving, Self.service(Self.entry(2))]) == .succeeded)
  }

  @Test func entriesMayLackTheirIDs() {
    let done = Self.service(Self.entry(2, "PRIMARY", "COMPLETED", id: ""))
    #expect(outcome(judge(), [done]) == .succeeded)
    #expect(outcome(judge(nil), [done]) == .succeeded)
  }

  @Test func aStoppedOneWasSupersededWhereAnotherIsThere() {
    let stopped = ServiceDeployment(["status": "STOPPED"])
    let ours = Self.service(Self.entry(2, "PRIMARY", "IN_PROGRESS"))
    let other = Self.service(Self.entry(3, "PRIMARY", "IN_PROGRESS"), Self.entry(2, "ACTIVE", "IN_PROGRESS"))
    var judge = judge()
    #expect(judge.outcome(other, stopped) == .superseded(by: "arn:aws:ecs:x:1:task-definition/web:3"))
    // The service may be told of as it was a moment before.
    #expect(judge.outcome(ours, stopped) == nil)
    #expect(judge.outcome(other, stopped) == .superseded(by: "arn:aws:ecs:x:1:task-definition/web:3"))
  }

  @Test func aStoppedOneWithoutAnotherWasStopped() {
    let stopped = ServiceDeployment(["status": "STOPPED"])
    let ours = Self.service(Self.entry(2, "PRIMARY", "IN_PROGRESS"))
    var judge = judge()
    let outcomes = (0..<5).map { _ in judge.outcome(ours, stopped) }
    #expect(outcomes.prefix(2) == [nil, nil])
    #expect(outcomes.last == .stopped)
  }

  @Test(arguments: [
    ("SUCCESSFUL", RolloutOutcome.succeeded), ("ROLLBACK_SUCCESSFUL", .rolledBack),
    ("ROLLBACK_FAILED", .rollbackFailed),
  ])
  func endsOfServiceDeploymentsCount(_ status: String, _ outcome: RolloutOutcome) {
    var judge = judge()
    let ours = Self.service(Self.entry(2, "PRIMARY", "IN_PROGRESS"))
    #expect(judge.outcome(ours, ServiceDeployment(["status": "IN_PROGRESS"])) == nil)
    #expect(judge.outcome(ours, ServiceDeployment(["status": "ROLLBACK_IN_PROGRESS"])) == nil)
    #expect(judge.outcome(ours, ServiceDeployment(["status": .string(status)])) == outcome)
  }
}
