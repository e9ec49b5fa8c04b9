import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct ScanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Show what Amazon ECR found when it scanned an image.",
    discussion: """
      A scan is begun when there was none. With --fail-on the exit code is 3 when there are findings of that severity or \
      a worse one: a gate before deployments. docs/aws.md says more.
      """)

  @Argument(help: "The image's name in Amazon ECR, with a tag or a digest.")
  var name: String

  @Flag(help: "Wait until the scan has ended.")
  var wait = false

  @Option(
    help: "The severity that must not be: critical, high, medium, low, informational, untriaged or undefined.")
  var failOn: String?

  @Option(help: "How long to wait, in seconds.")
  var timeout = 900

  @Option(help: "How the answer is written: text or json.")
  var format: StoreReportFormat = .text

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    var request = ScanRequest(name: name)
    request.waits = wait
    request.failOn = failOn
    request.timeout = timeout
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    let report = try await Scan(request, bench).run()
    try FileDescriptor.standardOutput.writeAll(Array(try report.rendered(as: format).utf8))
    if report.exitCode != .success { throw Diagnostics.ExitCode.Failure(code: report.exitCode) }
  }
}
