import ArgumentParser
import Diagnostics
import HostOS
import JSON
import Slipway
import SystemPackage

/// What all deploy verbs take that speak of a deployment.
struct DeployOptions: ParsableArguments {
  @Argument(
    help: "A plugin: rolling, blue-green, external, the NAME of a slipway-deploy-NAME, or a path with a slash.")
  var plugin: String?

  @Option(
    name: [.short, .long],
    help: "Take the deployments of a buildspec instead (default without a plugin: buildspec.yml).")
  var file: String?

  @Option(help: "The deployment of the buildspec that is meant, by its name or its plugin's (default: all of them).")
  var name: String?

  @Option(help: "An image, NAME=REFERENCE[@DIGEST]; a reference alone has its repository's last word as its name.")
  var image: [String] = []

  @Option(help: "A value of the plugin's configuration, key=value or key:=JSON; a.b leads into a mapping.")
  var set: [String] = []

  @Option(help: "A file with the plugin's configuration, YAML or JSON.")
  var config: String?

  @Option(name: .customLong("sha256"), help: "The SHA-256 that the plugin's file must have.")
  var pin: String?

  @Option(help: "The folder with the sources, in which plugins begin.")
  var source = "."

  @Option(help: "The AWS region (default: $AWS_REGION).")
  var region: String?

  @Option(help: "How long the deployment may take, such as 30m or 1h30m.")
  var timeout: String?

  @Option(help: "What becomes of a deployment that takes too long: fail or rollback.")
  var onTimeout: String?

  @Option(help: "What becomes of it when this command is stopped: leave, stop or rollback.")
  var onCancel: String?

  @Flag(
    inversion: .prefixedNo, help: "Ask the registry for the digest of a tag (a digest never asks).")
  var resolve = true

  @OptionGroup var rehearsal: RehearsalOptions

  @OptionGroup var output: DeployOutputOptions

  func validate() throws {
    if plugin != nil, let other = file.map({ _ in "--file" }) ?? name.map({ _ in "--name" }) {
      throw ValidationError("\(other) is for the deployments of a buildspec, and a plugin is named")
    }
    if plugin == nil, let other = config.map({ _ in "--config" }) ?? pin.map({ _ in "--sha256" }) {
      throw ValidationError("\(other) needs the name of a plugin")
    }
  }

  /// - Throws: `SlipwayError`.
  func request() throws -> DeployRequest {
    var request = DeployRequest()
    request.plugin = plugin
    request.pin = pin
    request.images = image
    request.settings = set
    request.configFile = config.map { FilePath($0) }
    request.buildspec = file
    request.name = name
    request.source = FilePath(source)
    request.region = region
    request.timeout = try timeout ?? rehearsal.surroundings()?.timeout
    request.onTimeout = onTimeout
    request.onCancel = onCancel
    request.resolvesTags = resolve && !rehearsal.rehearse
    return request
  }

  func deployer() throws -> Deployer {
    var deployer = try output.deployer(source: FilePath(source))
    guard let surroundings = try rehearsal.surroundings() else { return deployer }
    deployer.surroundings = surroundings
    output.tellRehearsal()
    return deployer
  }
}

/// How deploy verbs tell what they do.
struct DeployOutputOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(help: "How the answer is written: text or json.")
  var format: Format = .text

  @Option(help: "Write every event of plugins to a file, as JSON lines.")
  var events: String?

  @OptionGroup var progress: ProgressOptions

  func deployer(source: FilePath) throws -> Deployer {
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    var deployer = try Deployer(bench, source: source)
    if let events {
      let file = try EventsFile(FilePath(events))
      deployer.record = { file.record($0) }
    }
    return deployer
  }

  /// Runs a verb: what went wrong is told also when a signal ended it, for deployments leave things behind.
  func run(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as any DiagnosticError {
      progress.tell(error.diagnostics)
      throw Diagnostics.ExitCode.Failure(code: error.exitCode)
    }
  }

  func answer(_ results: [DeploymentResult]) throws {
    switch format {
    case .text:
      let names = results.count > 1
      let text = results.map { (names ? "\($0.name): " : "") + $0.text }.joined()
      try FileDescriptor.standardOutput.writeAll(Array(text.utf8))
    case .json: try answer(results.map(\.json))
    }
  }

  /// One deployment as an object, several as a list.
  func answer(_ documents: [JSONValue]) throws {
    try Terminal.answer((documents.count == 1 ? documents[0] : .array(documents)).prettyText)
  }
}
