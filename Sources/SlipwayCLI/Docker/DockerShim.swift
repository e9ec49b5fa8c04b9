import Diagnostics
import DockerCommandLine
import HostOS
import Slipway
import SystemPackage

/// One call of docker: what was asked for, and what it is done with.
struct DockerShim: Sendable {
  let invocation: DockerInvocation
  let environment: Environment

  /// Carries out a command line of docker.
  static func run(_ words: [String], program: String) async -> Diagnostics.ExitCode {
    do {
      switch try DockerParser.parse(words, program: program) {
      case .help(let text): write(text)
      case .version: write("Docker version \(DockerVersion.version), build \(DockerVersion.build)\n")
      case .run(let invocation):
        // What keeps a container in the background was warned of already.
        let isKeeper = Environment.current.nonEmpty(BackgroundContainer.variable) != nil
        for warning in invocation.warnings where !isKeeper { Terminal.tell(warning + "\n") }
        return try await DockerShim(invocation).run()
      }
      return .success
    } catch {
      return report(error)
    }
  }

  init(_ invocation: DockerInvocation) {
    self.invocation = invocation
    var environment = Environment.current
    if let folder = invocation["config"] { environment.variables["DOCKER_CONFIG"] = folder }
    self.environment = environment
  }

  /// Docker's words for what docker knows, ours for the rest; 1 is docker's exit code for all of it.
  static func report(_ error: any Error) -> Diagnostics.ExitCode {
    if Signals.last != 0 { return .signal(Signals.last) }
    switch error {
    case let error as DockerUsageError:
      Terminal.tell(error.message + "\n")
      return .init(rawValue: error.exitCode)
    case let error as DockerError:
      Terminal.tell(error.message + "\n")
      return error.exitCode
    case let error as Diagnostics.ExitCode.Failure: return error.code
    default:
      let code = Terminal.report(error)
      return code == .defect ? code : .failure
    }
  }

  /// A text for standard output, where whoever closed it does not want to know.
  static func write(_ text: String) { _ = try? FileDescriptor.standardOutput.writeAll(Array(text.utf8)) }

  func say(_ line: String) { Self.write(line + "\n") }

  // MARK: Workbench

  /// What commands work with, that show their progress as docker shows it: on standard error.
  func bench(quiet: Bool = false) throws -> Workbench {
    try Workbench(environment: environment, progress: quiet ? ProgressReporter(Warnings()) : Self.progress)
  }

  /// Warnings alone.
  private struct Warnings: ProgressSink {
    func receive(_ event: ProgressEvent) {
      guard case .diagnostic(let diagnostic) = event.kind else { return }
      Terminal.tell(diagnostic.severity == .note ? diagnostic.message + "\n" : Terminal.renderer.render(diagnostic))
    }
  }

  static var progress: ProgressReporter {
    ProgressReporter(PlainProgress(renderer: Terminal.renderer, write: Terminal.tell))
  }

  // MARK: Commands

  private func run() async throws -> Diagnostics.ExitCode {
    let name = invocation.command.name
    if let code = try await runWithCode(name) { return code }
    switch name {
    case "tag": try await tag()
    case "push": try await push()
    case "pull": try await pull()
    case "login": try await login()
    case "logout": try await logout()
    case "images": try listImages()
    case "image prune": try pruneImages()
    case "history": try history()
    case "save": try await save()
    case "load": try await load()
    case "version": try version()
    case "info": try info()
    case "system prune": try pruneSystem()
    case "context ls": listContexts()
    case "context use": say(invocation.arguments[0])
    case "context show": say("default")
    case "network ls": try listNetworks()
    case "network prune": break
    case "volume ls": try listVolumes()
    case "volume rm": try removeVolumes()
    case "volume prune": say("Total reclaimed space: 0B")
    case "buildx create": createBuilder()
    case "buildx use", "buildx install", "buildx uninstall", "buildx stop": break
    case "buildx inspect": inspectBuilder()
    case "buildx ls": try listBuilders()
    case "buildx rm": removeBuilders()
    case "buildx version": say("github.com/docker/buildx \(DockerVersion.buildx) \(DockerVersion.build)")
    case "buildx imagetools create": try await createImageTool()
    case "buildx imagetools inspect": try await inspectImageTool()
    case "manifest create": try await createManifest()
    case "manifest annotate": try annotateManifest()
    case "manifest push": try await pushManifest()
    case "manifest inspect": try await inspectManifest()
    case "manifest rm": try removeManifests()
    case "create": say(try await createContainer())
    case "cp": try await copyFiles()
    case "export": try await export()
    case "ps": try listContainers()
    case "logs": try await showLog()
    case "container prune": try pruneContainers()
    default:
      throw DockerError(
        "docker \(invocation.spelling) is a defect of Slipway: nobody carries it out", exitCode: .defect)
    }
    return .success
  }

  /// Commands that may end with a code of their own; nil for the others.
  private func runWithCode(_ name: String) async throws -> Diagnostics.ExitCode? {
    switch name {
    case "build": try await build()
    case "rmi": try removeImages()
    case "inspect": try inspect(onlyImages: false)
    case "image inspect": try inspect(onlyImages: true)
    case "container inspect": try inspectContainers()
    case "run": try await runContainer()
    case "rm": await removeContainers()
    case "stop", "kill", "wait": await endContainers(name)
    case "buildx du": try await showDiskUsage(listsItems: invocation.has("verbose"))
    case "system df": try await showDiskUsage(listsItems: invocation.has("verbose"))
    case "buildx prune": try await pruneBuilder()
    case _ where name.hasPrefix("compose "): try await compose(name)
    default: nil
    }
  }
}
