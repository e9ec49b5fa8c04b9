import Buildspec
import Diagnostics
import Foundation
import HostOS
import SystemPackage

/// The tasks of a batch, side by side, each in a copy of the source.
struct PipelineBatch: Sendable {
  private struct Prepared: Sendable {
    var task: Batch.Task
    var spec: Buildspec
  }

  private let pipeline: Pipeline
  private let spec: Buildspec
  private let batch: Batch
  private let source: FilePath
  private let options: EnvironmentOptions

  init(_ pipeline: Pipeline, _ spec: Buildspec, _ batch: Batch, source: FilePath, options: EnvironmentOptions) {
    self.pipeline = pipeline
    self.spec = spec
    self.batch = batch
    self.source = source
    self.options = options
  }

  /// - Throws: what is wrong with any of the files, before any task runs; `CancellationError`.
  func run() async throws -> PipelineResult {
    let prepared = try chosen().map { Prepared(task: $0, spec: try buildspec(of: $0)) }
    let batchID = "\(BuildVariables.project(of: source)):\(UUIDText.random())"
    var result = PipelineResult(buildID: batchID)
    result.ignoredTasks = Set(batch.tasks.filter(\.ignoresFailure).map(\.identifier.value))
    try await schedule(prepared, batchID, &result)
    return result
  }

  /// - Throws: `SlipwayError` with the code `no-task`.
  private func chosen() throws -> [Batch.Task] {
    guard let name = pipeline.request.batchTask else { return batch.tasks }
    let names = batch.tasks.map(\.identifier.value)
    guard let task = batch.tasks.first(where: { $0.identifier.value == name }) else {
      throw SlipwayError(
        "no-task", "the batch has no task \(name)",
        help: [
          Suggestion.nearest(to: name, in: names).map { "did you mean --batch-id \($0)?" }
            ?? "the tasks are \(names.joined(separator: ", "))"
        ])
    }
    // Whoever runs one task has seen to the others.
    var alone = task
    alone.dependencies = []
    return [alone]
  }

  private func buildspec(of task: Batch.Task) throws -> Buildspec {
    guard let path = task.buildspec else { return spec }
    do { return try pipeline.readSpec(source.pushing(FilePath(path.value)).string, in: source) } catch let error
      as SlipwayError
    {
      throw SlipwayError(error, at: spec.annotation(path.range))
    }
  }

  // MARK: Schedule

  private func schedule(_ prepared: [Prepared], _ batchID: String, _ result: inout PipelineResult) async throws {
    let limit = max(1, pipeline.request.jobs ?? ProcessInfo.processInfo.activeProcessorCount)
    var waiting = prepared
    var failed: Set<String> = []
    var done: Set<String> = []
    var stops = false
    try await withThrowingTaskGroup(of: (Prepared, PipelineResult).self) { group in
      var running = 0
      while true {
        for item in waiting where !stops && running < limit {
          guard item.task.dependencies.allSatisfy({ done.contains($0.value) }) else { continue }
          waiting.removeAll { $0.task.identifier.value == item.task.identifier.value }
          running += 1
          group.addTask { (item, try await run(item, batchID)) }
        }
        // What waits for a failure, and so on, never runs.
        while let index = waiting.firstIndex(where: { $0.task.dependencies.contains { failed.contains($0.value) } }) {
          let item = waiting.remove(at: index)
          stop(item, "a task that it depends on failed", &result)
          failed.insert(item.task.identifier.value)
        }
        guard running > 0 else { break }
        guard let (item, taskResult) = try await group.next() else { break }
        running -= 1
        let name = item.task.identifier.value
        result.tasks[name] = taskResult
        pipeline.log.line("Build \(name): \(taskResult.succeeded ? "SUCCEEDED" : "FAILED")")
        if taskResult.succeeded || item.task.ignoresFailure {
          done.insert(name)
        } else {
          failed.insert(name)
          stops = stops || batch.failsFast
        }
        if stops, running == 0 { break }
      }
    }
    for item in waiting { stop(item, "another task failed, and fast-fail is on", &result) }
  }

  private func stop(_ item: Prepared, _ reason: String, _ result: inout PipelineResult) {
    let name = item.task.identifier.value
    pipeline.log.line("Build \(name): STOPPED (\(reason))")
    var stopped = PipelineResult(buildID: "")
    stopped.phases = [PhaseOutcome("SUBMITTED", succeeded: false, statusCode: "STOPPED", message: reason)]
    result.tasks[name] = stopped
  }

  // MARK: One task

  private func run(_ item: Prepared, _ batchID: String) async throws -> PipelineResult {
    let name = item.task.identifier.value
    let log = pipeline.log.child(name)
    let folder = try TemporaryDirectory(prefix: "slipway-task")
    let copy = folder.path.appending(source.lastComponent?.string ?? "source")
    try await copySource(to: copy)
    var run = PipelineRun(Pipeline(pipeline.request, pipeline.bench, log), item.spec, source: copy, options: options)
    run.task = name
    run.taskVariables = Dictionary(item.task.variables.map { ($0.name.value, $0.value.value) }) { $1 }
    if batch.kind == .fanout {
      run.taskVariables["CODEBUILD_BATCH_BUILD_INDEX"] = name.split(separator: "_").last.map(String.init)
      run.taskVariables["CODEBUILD_BATCH_BUILD_COUNT"] = String(batch.tasks.count)
    }
    do {
      let result = try await run.run()
      withExtendedLifetime(folder) {}
      return result
    } catch let error as any DiagnosticError {
      // A task that could not begin failed; the others go on.
      var result = PipelineResult(buildID: batchID)
      result.problems = error.diagnostics
      return result
    }
  }

  private func copySource(to target: FilePath) async throws {
    let outcome = try await ChildProcess("cp", ["-a", "--reflink=auto", source.string, target.string]).run()
    guard outcome.succeeded else {
      throw SlipwayError(
        "source-not-copied", "the source cannot be copied for a task of the batch",
        notes: outcome.errorText.split(separator: "\n").prefix(3).map { .init(String($0)) },
        help: ["see to it that all of it can be read, and that TMPDIR has space"], exitCode: .failure)
    }
  }
}
