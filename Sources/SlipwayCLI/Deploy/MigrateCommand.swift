import ArgumentParser
import Slipway

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Show what it takes to move a service from CodeDeploy to Amazon ECS's own strategies, or do it.",
    discussion: """
      slipway deploy migrate blue-green --set cluster=prod --set service=web --set load-balancer.role=ARN shows the \
      changes; with --apply they are made. Nothing is deployed by it. The exit codes are those of slipway deploy.
      """)

  @OptionGroup var options: DeployOptions

  @Flag(help: "Make the changes, after they were shown.")
  var apply = false

  func run() async throws {
    try await options.output.run {
      var deployer = try options.deployer()
      var request = try options.request()
      request.settings.append("migrate:=true")
      guard apply else { return try options.output.answer(try await Deploy(request, deployer).plan()) }
      options.output.showPlans(&deployer)
      try options.output.answer(try await Deploy(request, deployer).run())
    }
  }
}
