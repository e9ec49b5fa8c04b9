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
        for warning in invocation.warnings { Terminal.tell(warning + "\n") }
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
    try Workbench(environment: environment, progress: quiet ? .silent : Self.progress)
  }

  static var progress: ProgressReporter {
    ProgressReporter(PlainProgress(renderer: Terminal.renderer, write: Terminal.tell))
  }

  // MARK: Commands

  private func run() async throws -> Diagnostics.ExitCode {
    switch invocation.command.name {
    case "build": return try await build()
    case "tag": try await tag()
    case "push": try await push()
    case "pull": try await pull()
    case "login": try await login()
    case "logout": try await logout()
    case "images": try listImages()
    case "rmi": return try removeImages()
    case "image prune": try pruneImages()
    case "version": try version()
    case "info": try info()
    default: throw DockerError("docker \(invocation.spelling) is not available yet")
    }
    return .success
  }
}
