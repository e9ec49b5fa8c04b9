public import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look for mistakes in a Dockerfile or a buildspec without building it.",
    discussion: "Findings go to standard output. The exit code is 3 when there are any. The rules are in docs/checks.")

  @Argument(help: "The Dockerfile, or a buildspec: *buildspec*.yml, or YAML with version and phases.")
  var file = "Dockerfile"

  @Option(help: "How findings are written: \(CheckResult.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: CheckResult.Format = .text

  @Option(help: "A value for an ARG, NAME=value, or NAME for the value of the environment; may be repeated.")
  var buildArg: [String] = []

  @Option(help: "The stage that would be built (default: the last one).")
  var target: String?

  @Option(help: "What the image would run on, OS/ARCH[/VARIANT] (default: this machine's).")
  var platform: String?

  func run() throws {
    var request = CheckRequest(file: FilePath(file), environment: .current)
    request.buildArguments = buildArg
    request.target = target
    request.platform = platform
    let result = try Check(request).run()
    let text = result.rendered(as: format)
    if !text.isEmpty { try FileDescriptor.standardOutput.writeAll(Array(text.utf8)) }
    if result.exitCode != .success { throw Diagnostics.ExitCode.Failure(code: result.exitCode) }
  }
}

extension CheckResult.Format: ExpressibleByArgument {}
