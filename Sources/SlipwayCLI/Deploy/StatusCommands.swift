import ArgumentParser
import Diagnostics
import HostOS
import Slipway

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show how a deployment is.",
    discussion: "The exit code is 0 when that could be found out, whatever it is.")

  @OptionGroup var options: DeployOptions

  func run() async throws {
    try await options.output.run {
      try options.output.answer(try await Deploy(try options.request(), try options.deployer()).status(waits: false))
    }
  }
}

struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until a deployment is at its end.",
    discussion: "The exit code is that of slipway deploy.")

  @OptionGroup var options: DeployOptions

  func run() async throws {
    try await options.output.run {
      let results = try await Deploy(try options.request(), try options.deployer()).status(waits: true)
      try options.output.answer(checked: results)
    }
  }
}

struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Go back to the last deployment that succeeded.")

  @OptionGroup var options: DeployOptions

  @Flag(help: "Show what would be done, and change nothing.")
  var dryRun = false

  func run() async throws {
    try await options.output.run {
      var request = try options.request()
      request.isDryRun = dryRun
      try options.output.answer(checked: try await Deploy(request, try options.deployer()).rollback())
    }
  }
}

extension DeployOutputOptions {
  /// An answer is one of success; anything else is told as an error.
  func answer(checked results: [DeploymentResult]) throws {
    for result in results { try result.check() }
    try answer(results)
  }
}
