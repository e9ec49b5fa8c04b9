import Builder
import Buildspec
import Diagnostics
import HostOS
import Synchronization
import SystemPackage

/// One build of a buildspec: a run, or a task of a batch.
struct PipelineRun: Sendable {
  let pipeline: Pipeline
  let spec: Buildspec
  let source: FilePath
  let options: EnvironmentOptions
  /// The identifier of the task.
  var task: String?
  /// Of the task.
  var taskVariables: [String: String] = [:]

  var log: RunLog { pipeline.log }
  var bench: Workbench { pipeline.bench }
  var request: PipelineRequest { pipeline.request }

  init(_ pipeline: Pipeline, _ spec: Buildspec, source: FilePath, options: EnvironmentOptions) {
    self.pipeline = pipeline
    self.spec = spec
    self.source = source
    self.options = options
  }

  /// - Throws: what was wrong before the first command; `CancellationError`.
  func run() async throws -> PipelineResult {
    let project = BuildVariables.project(of: source)
    let buildID = options.variables["CODEBUILD_BUILD_ID"] ?? "\(project):\(UUIDText.random())"
    var result = PipelineResult(buildID: buildID)
    let users: PipelineUsers
    let shell: ShellProgram
    let environment: Environment
    do {
      users = try PipelineUsers(spec)
      shell = try Pipeline.shell(of: spec, bench.environment)
      environment = try await self.environment(buildID, project)
      if !spec.section.deployments.isEmpty {
        try await PipelineDeployments(spec, source: source, request, bench, log).check(environment.variables)
      }
    } catch {
      tellFailure(error)
      throw error
    }
    for warning in users.warnings { bench.progress.report(warning) }
    tellBeginning()
    let work = try TemporaryDirectory(prefix: "slipway-shim")
    var variables = environment.variables
    let shim = try ShimFolder(
      in: work.path, executable: try Files.symbolicLinkTarget("/proc/self/exe"), environment: environment)
    let tools = try BuildTools.make(in: work.path)
    variables["PATH"] = [shim.path.string, tools.string, variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"].joined(
      separator: ":")
    let session = try ShellSession(
      shell, spec.version, source: source, environment: Environment(variables), mark: Files.uniqueName())
    session.programs = shim.path
    let state = RunState(session: session, users: users)
    let cancel = session.canceller
    do {
      try await withTaskCancellationHandler {
        try await carryOut(state, &result)
      } onCancel: {
        state.isCancelled.store(true, ordering: .relaxed)
        cancel()
      }
    } catch {
      try? await Blocking.run { session.end() }
      throw error
    }
    try await Blocking.run { session.end() }
    withExtendedLifetime(work) {}
    return result
  }

  /// What a run has at hand.
  final class RunState: Sendable {
    let session: ShellSession
    let users: PipelineUsers
    let isCancelled = Atomic(false)

    init(session: ShellSession, users: PipelineUsers) {
      self.session = session
      self.users = users
    }
  }

  // MARK: Phases

  private func carryOut(_ state: RunState, _ result: inout PipelineResult) async throws {
    let runner = PhaseRunner(
      state.session, log, users: state.users.identities, defaultUser: spec.runAs?.value)
    state.session.set("CODEBUILD_BUILD_SUCCEEDING", "1")
    try await restoreCache(state)
    var goesOn = true
    for name in Phase.Name.allCases {
      let phase = spec.phase(name)
      if name == .install, let runtimes = phase?.runtimes, !runtimes.isEmpty {
        log.line(
          "Skipping install of runtimes. Runtime version selection is not supported by this build image")
      }
      var outcome = try await Blocking.run {
        try runner.run(name, phase) { state.isCancelled.load(ordering: .relaxed) }
      }
      try Task.checkCancellation()
      if name == .build, outcome.succeeded { try await buildImages(state, &outcome, &result) }
      runner.tell(outcome)
      result.phases.append(outcome)
      if !outcome.succeeded { state.session.set("CODEBUILD_BUILD_SUCCEEDING", "0") }
      if PhaseTransition.after(name, failed: !outcome.succeeded, phase?.onFailure?.value) == .end {
        goesOn = false
        break
      }
    }
    if goesOn { try await finish(state, runner, &result) }
  }

  /// What follows the phases.
  private func finish(_ state: RunState, _ runner: PhaseRunner, _ result: inout PipelineResult) async throws {
    let names = spec.environment.exported.map(\.value)
    if !names.isEmpty { result.exportedVariables = try await Blocking.run { try state.session.values(of: names) } }
    try await readReports(state, &result)
    try await uploadArtifacts(state, runner, &result)
    try await saveCache(state, &result)
    try await deploy(state, runner, &result)
  }

  // MARK: Words

  private func tellBeginning() {
    log.line("Phase is DOWNLOAD_SOURCE")
    log.line("CODEBUILD_SRC_DIR=\(source)")
    log.line("YAML location is \(spec.file.name)")
    log.line("Processing environment variables")
    log.line("Moving to directory \(source)")
    log.line("Phases found in YAML: \(spec.phases.count)")
    for phase in spec.phases { log.line(" \(phase.name.logName): \(phase.commands.count) commands") }
    log.line("Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED")
    log.line("Phase context status code:  Message: ")
  }

  private func tellFailure(_ error: any Error) {
    let message = (error as? any DiagnosticError)?.diagnostics.first?.message ?? ""
    log.line("Phase complete: DOWNLOAD_SOURCE State: FAILED")
    log.line("Phase context status code: CLIENT_ERROR Message: \(message)")
  }

  // MARK: Environment

  /// Of the first command: what the machine has, what the file says, what the caller says, and CodeBuild's own.
  private func environment(_ buildID: String, _ project: String) async throws -> Environment {
    let checkout = await SourceCheckout(of: source, bench.environment)
    let region = bench.environment.nonEmpty("AWS_REGION") ?? bench.environment.nonEmpty("AWS_DEFAULT_REGION")
    let facts = BuildVariables(
      buildID: buildID, number: BuildVariables.nextNumber(project, in: bench.store.root),
      startTime: BuildVariables.milliseconds(), source: source, checkout: checkout, image: request.image,
      region: region, task: task)
    var variables = bench.environment.variables
    variables["PWD"] = nil
    variables["OLDPWD"] = nil
    variables["SLIPWAY_ROOT"] = bench.store.root.string
    if let time = checkout.commitTime, bench.environment.nonEmpty(BuildEpoch.name) == nil {
      variables[BuildEpoch.name] = String(time)
    }
    if let region {
      variables["AWS_REGION"] = variables["AWS_REGION"] ?? region
      variables["AWS_DEFAULT_REGION"] = variables["AWS_DEFAULT_REGION"] ?? region
    }
    variables.merge(facts.values(bench.environment)) { $1 }
    // For references to parameters and secrets, which may have variables.
    let known = variables.merging(taskVariables) { $1 }.merging(options.variables) { $1 }
    for variable in spec.environment.variables { variables[variable.name.value] = variable.value.value }
    variables.merge(try await secrets(known.merging(variables) { known, _ in known })) { $1 }
    variables.merge(taskVariables) { $1 }
    variables.merge(options.variables) { $1 }
    variables["CODEBUILD_SRC_DIR"] = source.string
    maskKeys(variables)
    return Environment(variables)
  }

  private func maskKeys(_ variables: [String: String]) {
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
      if let value = variables[name] { log.addSecret(value) }
    }
  }
}

/// A random UUID, in lower case as CodeBuild writes it.
enum UUIDText {
  static func random() -> String {
    let digits = (0..<32).map { index -> String in
      let digit = UInt8.random(in: 0..<16)
      return String(index == 12 ? 4 : index == 16 ? 8 | digit & 3 : digit, radix: 16)
    }
    let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
    return groups.map { digits[$0].joined() }.joined(separator: "-")
  }
}
