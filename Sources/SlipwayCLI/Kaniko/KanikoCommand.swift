import ArgumentParser
import Diagnostics

struct KanikoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kaniko",
    abstract: "Do what kaniko's executor would do.",
    discussion: "The arguments are those of the executor; slipway kaniko --help lists them. docs/kaniko.md says more.")

  @Argument(parsing: .captureForPassthrough, help: "The arguments of kaniko's executor.")
  var arguments: [String] = []

  func run() async throws {
    let code = await ShimCommand.run(name: "executor", arguments: arguments)
    if code != .success { throw Diagnostics.ExitCode.Failure(code: code) }
  }
}
