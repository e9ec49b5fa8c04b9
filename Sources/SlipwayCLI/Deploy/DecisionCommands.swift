import ArgumentParser
import Slipway

struct ApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Let a deployment go on that waits for approval.",
    discussion: """
      slipway deploy approve blue-green --set cluster=prod --set service=web: for a lifecycle hook of Amazon ECS that \
      pauses, or for a deployment of CodeDeploy that is ready. Exit code 2 when nothing waits.
      """)

  @OptionGroup var options: DeployOptions

  @Option(help: "The ID of the hook, where several wait.")
  var hook: String?

  func run() async throws { try await options.decide(.approve, hook) }
}

struct RejectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject",
    abstract: "Have a deployment rolled back that waits for approval.")

  @OptionGroup var options: DeployOptions

  @Option(help: "The ID of the hook, where several wait.")
  var hook: String?

  func run() async throws { try await options.decide(.reject, hook) }
}

extension DeployOptions {
  func decide(_ decision: Deploy.Decision, _ hook: String?) async throws {
    try await output.run {
      try output.answer(try await Deploy(try request(), try deployer()).decide(decision, hook: hook))
    }
  }
}
