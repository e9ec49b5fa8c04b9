import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say how RUN can be kept apart on this machine, and what would permit more.",
    discussion: "The ways are explained in docs/isolation.md. The exit code is 3 when there is none.")

  @Option(help: "How it is written: text or json.")
  var format: StoreReportFormat = .text

  func run() async throws {
    let health = try await Doctor(try Workbench(environment: .current, progress: .silent)).examine()
    try FileDescriptor.standardOutput.writeAll(Array(try health.rendered(as: format).utf8))
    if !health.permitsCommands { throw Diagnostics.ExitCode.Failure(code: .findings) }
  }
}
