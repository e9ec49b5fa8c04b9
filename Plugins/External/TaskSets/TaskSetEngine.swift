import AWS
import DeployPlugins
import Diagnostics
import ECSDeployment
import JSON

/// Carries out deployments by task sets. What was done is undone in reverse when it fails or is cancelled.
struct TaskSetEngine: Sendable {
  let scene: TaskSetScene

  private var settings: TaskSetSettings { scene.settings }
  private var client: ECSClient { scene.client }

  /// A way back for each step that was made.
  private struct Undo: Sendable {
    var text: String
    var action: @Sendable (TaskSetSteps) async throws -> Void
  }

  /// What was done so far; shared with who undoes it.
  private struct Course: Sendable {
    var undos: [Undo] = []
    var stopped: StoppedTasks
    var set = ""
    /// From here on there is no way back any more.
    var isFinal = false
  }

  func apply(_ plan: DeploymentPlan) async throws -> DeploymentReport {
    if plan.state["unchanged"]?.bool == true {
      return DeploymentReport(.unchanged, summary: "\(scene.service.name) runs that already")
    }
    let revision = PlannedRevision(json: plan.state["revision"] ?? [:])
    let arn = try await revision.register(client)
    var course = Course(
      stopped: StoppedTasks(cluster: settings.address.cluster, startedBy: "", taskDefinition: arn))
    do {
      try await carryOut(plan, arn, &course)
    } catch {
      throw try await undone(error, course, revision)
    }
    scene.context.progress(scene.step, "done", state: .done)
    return report(.succeeded, arn, course.set, plan)
  }

  // MARK: The way there

  private func carryOut(_ plan: DeploymentPlan, _ arn: String, _ course: inout Course) async throws {
    let steps = TaskSetSteps(scene: scene, deadline: .now + settings.timeout)
    if settings.orphans == .delete {
      for id in (plan.state["orphans"]?.array ?? []).compactMap(\.string) { try await steps.delete(id) }
    }
    for id in (plan.state["leftovers"]?.array ?? []).compactMap(\.string) { try await steps.delete(id) }
    let old = scene.primary
    course.set = try await takeSet(plan, arn, steps, &course)
    let id = course.set
    course.stopped = StoppedTasks(cluster: settings.address.cluster, startedBy: id, taskDefinition: arn)
    if old?.id != id {
      try await steps.waitUntilStable(id, &course.stopped)
      try await scene.verification.run(client, at: "TEST", onlyNamed: true)
      try await shift(id, steps, &course)
      course.undos.append(
        Undo(text: "the primary task set") { steps in
          if let old { try await steps.makePrimary(old.id) }
        })
      try await steps.makePrimary(id)
    }
    try await scene.verification.run(client, at: "PRIMARY")
    try Task.checkCancellation()
    try await dismiss(plan.state["previous"]?.string ?? old?.id, but: id, steps, &course)
  }

  /// Our set of an earlier run, one to adopt, or a new one.
  private func takeSet(
    _ plan: DeploymentPlan, _ arn: String, _ steps: TaskSetSteps, _ course: inout Course
  ) async throws -> String {
    let externalID = plan.state["externalId"]?.string
    let known = scene.sets.filter { $0.status != "DRAINING" }
    let ours = known.first { $0.externalID == externalID && TaskDefinitionName.areSame($0.taskDefinition, arn) }
    let adopted =
      settings.orphans == .adopt
      ? known.first { !$0.isPrimary && TaskDefinitionName.areSame($0.taskDefinition, arn) } : nil
    guard let set = ours ?? adopted else {
      let id = try await steps.create(plan.state["creation"] ?? scene.place, arn)
      course.undos.append(Undo(text: "the task set \(id)") { try await $0.delete(id) })
      return id
    }
    scene.context.progress(scene.step, "goes on with the task set \(set.id)", state: .running)
    if !set.isPrimary {
      course.undos.append(Undo(text: "the task set \(set.id)") { try await $0.delete(set.id) })
      if set.scale < settings.scale { try await steps.setScale(set.id, settings.scale) }
    }
    return set.id
  }

  private func shift(_ id: String, _ steps: TaskSetSteps, _ course: inout Course) async throws {
    guard let rule = try await scene.trafficRule(), let group = try await steps.find(id)?.targetGroup else { return }
    let old = scene.primary?.targetGroup
    course.undos.append(
      Undo(text: "the weights of the listener") { steps in
        guard let old, old != group else { return }
        try await steps.shift(rule, to: old, 100)
      })
    for (number, percent) in settings.steps.enumerated() {
      try await steps.waitUntilHealthy(group)
      try await steps.shift(rule, to: group, percent)
      try await scene.verification.run(client, at: "SHIFT", onlyNamed: true)
      if number < settings.steps.count - 1 { try await Task.sleep(for: settings.stepPause) }
      if let set = try await steps.find(id) {
        var stopped = course.stopped
        try await stopped.update(client)
        course.stopped = stopped
        guard settings.failureThreshold == 0 || stopped.failures.count < settings.failureThreshold else {
          throw PluginFailure(
            code: "crash-loop", message: "\(stopped.failures.count) tasks of the task set \(set.id) failed",
            state: .failed)
        }
      }
    }
  }

  /// The set that had the traffic: it goes, unless it shall stay.
  private func dismiss(
    _ old: String?, but id: String, _ steps: TaskSetSteps, _ course: inout Course
  ) async throws {
    guard let old, old != id else { return }
    if settings.keepsOld {
      scene.context.progress(scene.step, "task set \(old) stays for a fast way back")
      return
    }
    if settings.drain > .zero {
      scene.context.progress(scene.step, "waits \(settings.drain.text) for requests to the old tasks to end")
      try await Task.sleep(for: settings.drain)
    }
    course.isFinal = true
    do { try await withoutCancellation { try await steps.delete(old) } } catch let error as any DiagnosticError {
      scene.context.warn(
        "old-task-set-left", "the task set \(old) could not be deleted: \(error.diagnostics.first?.message ?? "")",
        help: ["the next deployment deletes it"])
    }
  }

  // MARK: The way back

  private func undone(_ error: any Error, _ course: Course, _ revision: PlannedRevision) async throws -> any Error {
    let failure = told(error)
    let isCancelled = failure.category == .cancelled
    let wish = isCancelled ? settings.onCancel : failure.code == "timed-out" ? settings.onTimeout : settings.onFailure
    return try await withoutCancellation { [failure] in
      var failure = failure
      var stopped = course.stopped
      if !course.set.isEmpty { _ = try? await stopped.update(client) }
      let explanation = try await Explanation.collect(
        client, reasons: failure.causes ?? [], tasks: stopped.tasks, events: [],
        targetGroups: scene.freeGroup.map { [$0] } ?? [], draft: revision.draft)
      failure.causes = explanation.causes
      failure.hint = explanation.hint ?? failure.hint
      guard wish == .rollback, !course.isFinal, !course.undos.isEmpty else { return failure }
      let steps = TaskSetSteps(scene: scene, deadline: .now + .seconds(900))
      failure.state = .rolledBack
      for undo in course.undos.reversed() {
        scene.context.progress(scene.step, "takes back \(undo.text)")
        do { try await undo.action(steps) } catch {
          failure.state = .rollbackFailed
          failure.causes = (failure.causes ?? []) + ["could not take back \(undo.text): \(told(error).message)"]
          failure.hint = "put \(undo.text) in order by hand, then deploy again"
        }
      }
      return failure
    }
  }

  private func told(_ error: any Error) -> PluginFailure {
    switch error {
    case let failure as PluginFailure: failure
    case is CancellationError:
      PluginFailure(code: "cancelled", message: "the deployment was cancelled", category: .cancelled, state: .stopped)
    case let error as any DiagnosticError: PluginFailure(error)
    default: PluginFailure(code: "defect", message: "\(error)")
    }
  }

  // MARK: Status and rollback

  func report(
    _ state: DeploymentState, _ taskDefinition: String, _ set: String?, _ plan: DeploymentPlan?
  ) -> DeploymentReport {
    var outputs: JSONValue = [
      "cluster": .string(settings.address.clusterName), "service": .string(scene.service.name),
      "taskDefinition": .string(taskDefinition),
    ]
    outputs["taskSet"] = set.map { .string($0) }
    return DeploymentReport(
      state, summary: "\(scene.service.name) runs \(TaskDefinitionName(taskDefinition))", changes: plan?.changes ?? [],
      outputs: outputs)
  }

  func status() async throws -> DeploymentReport {
    let active = scene.sets.filter { $0.status == "ACTIVE" }
    let sets = scene.sets.map { set in
      "\(set.id) \(set.status) \(TaskDefinitionName(set.taskDefinition)) \(set.running)/\(set.desired)"
    }
    let isMoving = !active.isEmpty && !settings.keepsOld
    var report = report(
      isMoving ? .inProgress : .succeeded, scene.primary?.taskDefinition ?? "", scene.primary?.id, nil)
    report.summary = sets.isEmpty ? "\(scene.service.name) has no task sets" : sets.joined(separator: "; ")
    return report
  }

  /// To the set that was kept, in seconds; else by deploying what the last record says.
  func rollback() async throws -> DeploymentReport {
    let steps = TaskSetSteps(scene: scene, deadline: .now + settings.timeout)
    if let kept = scene.sets.last(where: { $0.status == "ACTIVE" && $0.scale > 0 }), let primary = scene.primary {
      scene.context.progress(
        scene.step,
        "goes back from \(TaskDefinitionName(primary.taskDefinition)) to \(TaskDefinitionName(kept.taskDefinition)), "
          + "whose task set \(kept.id) is still there")
      if let rule = try await scene.trafficRule(), let group = kept.targetGroup {
        try await steps.waitUntilHealthy(group)
        try await steps.shift(rule, to: group, 100)
      }
      try await steps.makePrimary(kept.id)
      try await steps.delete(primary.id)
      return report(.succeeded, kept.taskDefinition, kept.id, nil)
    }
    guard
      let target = scene.request.previous?["outputs"]?["taskDefinition"]?.string
        ?? scene.request.previous?["result"]?["outputs"]?["taskDefinition"]?.string,
      !TaskDefinitionName.areSame(target, scene.primary?.taskDefinition)
    else {
      throw PluginFailure(
        code: "nothing-to-return-to",
        message: "there is no task set and no record of an earlier deployment of \(scene.service.name)",
        hint: "deploy the images that you want instead; keep-old: true keeps the set before for a fast way back")
    }
    scene.context.progress(scene.step, "goes back to \(TaskDefinitionName(target)), the last deployment that succeeded")
    var config = scene.request.config
    config["task-definition"] = .string(target)
    config["containers"] = [:]
    var request = scene.request
    request.config = config
    request.images = [:]
    let other = try await TaskSetScene(request, scene.context)
    return try await TaskSetEngine(scene: other).apply(try await TaskSetPlanner(scene: other).plan())
  }
}
