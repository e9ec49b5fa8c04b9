public import Buildspec
import Diagnostics
import HostOS
import Sandbox
import Synchronization
import SystemPackage

/// `slipway run`: the phases of a buildspec, as AWS CodeBuild runs them, and the images of its section `slipway`.
public struct Pipeline: Sendable {
  /// How it ended.
  public enum Outcome: Sendable {
    case finished(PipelineResult)
    /// Nothing was done.
    case planned(PipelinePlan)
    /// Another process did the work; end with its exit code.
    case delegated(exitCode: Int32)
  }

  let request: PipelineRequest
  let bench: Workbench
  let log: RunLog

  /// - Parameter log: gets what the run tells; the progress of images comes by the workbench, which should lead there
  ///   too.
  public init(_ request: PipelineRequest, _ bench: Workbench, _ log: RunLog) {
    self.request = request
    self.bench = bench
    self.log = log
  }

  /// - Throws: errors that are `DiagnosticError`s, before any command ran; `CancellationError`.
  public func run() async throws -> Outcome {
    let source = try sourceFolder()
    try checkPlaces()
    let options = try EnvironmentOptions(request, bench.environment)
    for name in options.secretNames { log.addSecret(options.variables[name] ?? "") }
    let spec = try readSpec(request.file, in: source)
    if request.isDryRun {
      for warning in spec.warnings { bench.progress.report(warning) }
      let shell = try Self.shell(of: spec, bench.environment)
      let words = [shell.path.string] + shell.options
      let deployments = try PipelineDeployments(spec, source: source, request, bench, log)
      return .planned(
        PipelinePlan(
          spec, source: source.string, shell: words.joined(separator: " "), isAvailable: deployments.isAvailable))
    }
    // Images that run commands want more rights than a plain user has, and whoever takes over begins anew.
    if !spec.section.images.isEmpty, let code = try? await bench.enterUserNamespace(.auto) {
      return .delegated(exitCode: code.rawValue)
    }
    for warning in spec.warnings { bench.progress.report(warning) }
    if let image = request.image {
      bench.progress.report(
        .warning(
          "image-ignored", "commands run on this machine, not in \(image)",
          help: ["leave --image away, or start slipway in a container of the image"]))
    }
    if let batch = spec.batch {
      return .finished(try await PipelineBatch(self, spec, batch, source: source, options: options).run())
    }
    if let task = request.batchTask {
      throw SlipwayError(
        "no-batch", "there is no task \(task): \(spec.file.name) has no batch", help: ["leave --batch-id away"])
    }
    let run = PipelineRun(self, spec, source: source, options: options)
    return .finished(try await run.run())
  }

  /// - Throws: `SlipwayError` for places that artifacts and caches cannot be in.
  private func checkPlaces() throws {
    if let cache = request.cache, cache.isEmpty || cache.contains("://") {
      throw SlipwayError(
        "invalid-cache", "--cache \(cache) is no folder",
        help: ["name a folder, which your CI system may keep elsewhere"])
    }
    guard let place = request.artifacts else { return }
    let isBucket = place.hasPrefix("s3://") && !place.dropFirst(5).hasPrefix("/") && place.count > 5
    if place.isEmpty || (place.contains("://") && !isBucket) {
      throw SlipwayError(
        "invalid-artifacts", "--artifacts \(place) is no place for artifacts",
        help: ["name a folder, FILE.zip, FILE.tar.gz or s3://BUCKET/PREFIX"])
    }
  }

  /// What is wrong with a file is told in CodeBuild's words, too.
  func readSpec(_ name: String?, in source: FilePath) throws -> Buildspec {
    do { return try Buildspec.checked(try BuildspecFile.read(name, in: source)) } catch {
      let message = (error as? any DiagnosticError)?.diagnostics.first?.message ?? ""
      log.line("Phase complete: DOWNLOAD_SOURCE State: FAILED")
      log.line("Phase context status code: YAML_FILE_ERROR Message: \(message)")
      throw error
    }
  }

  /// - Throws: `SlipwayError` with the code `source-not-found`.
  private func sourceFolder() throws -> FilePath {
    guard let path = try? Files.realPath(request.source), try FileStatus(following: path).kind == .directory else {
      throw SlipwayError(
        "source-not-found", "there is no folder \(request.source)", help: ["name the source folder: --source DIR"])
    }
    return path
  }

  /// - Throws: `SlipwayError` with the code `shell-not-found`.
  static func shell(of spec: Buildspec, _ environment: Environment) throws -> ShellProgram {
    if let shell = ShellProgram.find(spec.environment.shell, in: environment) { return shell }
    let name = spec.environment.shell?.rawValue ?? "/bin/sh"
    throw SlipwayError("shell-not-found", "this machine has no \(name)", help: ["install \(name)"])
  }
}
