import ArgumentParser
import Buildspec
import Diagnostics
import Foundation
import HostOS
import JSON
import Slipway
import SystemPackage

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a buildspec.yml as AWS CodeBuild does, without Docker.",
    discussion: """
      Commands run on this machine, a shell for each; docker in a command is slipway. The log goes to standard error; \
      standard output gets NAME@DIGEST of the images of the section slipway. The exit code is 1 when a phase fails.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Argument(help: "The buildspec, a path from here or in the source (default: buildspec.yml in the source).")
  var file: String?

  @Option(help: "The folder with the sources, in which commands begin.")
  var source = "."

  @Option(
    name: [.short, .long],
    help: "A variable for commands, NAME=value, or NAME for the value of the environment; may be repeated.")
  var env: [String] = []

  @Option(help: "A file with variables, NAME=value on each line; may be repeated.")
  var envFile: [String] = []

  @Option(help: "The image that CodeBuild would run commands in; it is ignored, with a note.")
  var image: String?

  @Option(
    help: "Where artifacts go: a folder, FILE.zip, FILE.tar.gz or s3://BUCKET/PREFIX (default: they are listed only).")
  var artifacts: String?

  @Option(help: "Where the paths of cache: are kept for the next run: a folder.")
  var cache: String?

  @Option(help: "How many tasks of a batch, and steps of images, run at a time (default: the number of processors).")
  var jobs: Int?

  @Option(help: "Run one task of the batch only.")
  var batchId: String?

  @Flag(help: "Tell phases, images and deployments, and run nothing.")
  var dryRun = false

  @Option(help: "How the result is written: text or json.")
  var format: Format = .text

  @Option(help: "Write the result to a file, as JSON.")
  var metadataFile: String?

  @Option(help: "Write exported variables and images to a file, NAME=value on each line.")
  var dotenv: String?

  @Option(help: "Add exported variables and images to a file of GitHub Actions (default: $GITHUB_OUTPUT).")
  var githubOutput: String?

  @OptionGroup var rehearsal: RehearsalOptions

  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs \(jobs) is not usable: at least one task has to run") }
  }

  func run() async throws {
    let renderer = Terminal.renderer
    let (log, reporter) = logAndReporter(renderer)
    let bench = try Workbench(environment: .current, progress: reporter)
    let outcome: Pipeline.Outcome
    do { outcome = try await Pipeline(try request(), bench, log).run() } catch let error as any DiagnosticError {
      tell(error.diagnostics, log, renderer)
      throw Diagnostics.ExitCode.Failure(code: error.exitCode)
    }
    switch outcome {
    case .delegated(let code): throw Diagnostics.ExitCode.Failure(code: .init(rawValue: code))
    case .planned(let plan):
      try answer(format == .json ? Self.json(plan) : plan.text, log)
    case .finished(let result):
      if !result.problems.isEmpty { tell(result.problems, log, renderer) }
      try write(result, log)
      if !result.succeeded { throw Diagnostics.ExitCode.Failure(code: result.exitCode) }
    }
  }

  /// Where commands, and the work of our own, tell what happens.
  private func logAndReporter(_ renderer: DiagnosticRenderer) -> (RunLog, ProgressReporter) {
    if progress.isQuiet { return (RunLog { _ in }, ProgressReporter(SilentProgress())) }
    guard progress.isJSON else {
      let log = RunLog { Terminal.tell($0) }
      return (log, ProgressReporter(PlainProgress(renderer: renderer) { log.say($0) }))
    }
    // The log is a step of its own, that of the buildspec.
    let masking = RunLog { _ in }
    let reporter = ProgressReporter(JSONProgress { Terminal.tell(masking.masked($0)) })
    let step = reporter.begin("buildspec")
    return (masking.child { step.log($0) }, reporter)
  }

  private func tell(_ diagnostics: [Diagnostic], _ log: RunLog, _ renderer: DiagnosticRenderer) {
    if progress.isJSON {
      for diagnostic in diagnostics { Terminal.tell(log.masked(diagnostic.json.text) + "\n") }
    } else {
      Terminal.tell("\n" + log.masked(renderer.render(diagnostics)))
    }
  }

  private func write(_ result: PipelineResult, _ log: RunLog) throws {
    let document = try Self.json(result.document)
    if let metadataFile { try Files.writeAnswer(Array(log.masked(document).utf8), to: FilePath(metadataFile)) }
    let variables = result.outputVariables
    if let dotenv { try PipelineOutputs.writeDotenv(variables, to: FilePath(dotenv)) }
    if let path = githubOutput ?? Environment.current.nonEmpty("GITHUB_OUTPUT") {
      try PipelineOutputs.appendGitHub(variables, to: FilePath(path))
    }
    if format == .json {
      try answer(document, log)
    } else if result.succeeded, !result.answer.isEmpty {
      try answer(result.answer.joined(separator: "\n") + "\n", log)
    }
  }

  private func answer(_ text: String, _ log: RunLog) throws {
    try FileDescriptor.standardOutput.writeAll(Array(log.masked(text).utf8))
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }

  private func request() throws -> PipelineRequest {
    var request = PipelineRequest()
    request.file = file
    request.source = FilePath(source)
    request.variables = env
    request.variableFiles = envFile.map { FilePath($0) }
    request.image = image
    request.artifacts = artifacts
    request.cache = cache
    request.jobs = jobs
    request.batchTask = batchId
    request.isDryRun = dryRun
    if let surroundings = try rehearsal.surroundings() {
      request.surroundings = surroundings
      request.deployTimeout = surroundings.timeout
    }
    return request
  }
}
