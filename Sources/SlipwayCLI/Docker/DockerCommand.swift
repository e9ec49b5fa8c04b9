import ArgumentParser
import Diagnostics

struct DockerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "docker",
    abstract: "Do what docker would do, without a daemon.",
    discussion: "The arguments are those of docker; slipway docker --help lists them. docs/docker.md says more.")

  @Argument(parsing: .captureForPassthrough, help: "The arguments of docker.")
  var arguments: [String] = []

  func run() async throws {
    let code = await ShimCommand.run(name: "docker", arguments: arguments)
    if code != .success { throw Diagnostics.ExitCode.Failure(code: code) }
  }
}
