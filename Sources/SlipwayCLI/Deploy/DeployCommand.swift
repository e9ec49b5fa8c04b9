import ArgumentParser
import DeployPlugins
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct DeployCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deploy",
    abstract: "Deploy images by a plugin: plan, show the plan, carry it out.",
    discussion: """
      slipway deploy rolling --image web=REPOSITORY:TAG --set cluster=prod --set service=web deploys one image; without \
      a plugin the deployments of the buildspec's section slipway are carried out. The plan and the progress go to \
      standard error; standard output gets the plugin's summary and outputs. \
      Exit codes: 0 deployed, or nothing to do; 1 failed; 2 the command line or the configuration is not usable; \
      4 not authorised; 5 failed and rolled back; 6 the plugin broke the protocol; 69 a service cannot be reached; \
      128 + N stopped by signal N.
      """)

  @OptionGroup var options: DeployOptions

  @Flag(help: "Show what would be done, and change nothing.")
  var dryRun = false

  func run() async throws {
    try await options.output.run {
      var deployer = try options.deployer()
      options.output.showPlans(&deployer)
      var request = try options.request()
      request.isDryRun = dryRun
      let results = try await Deploy(request, deployer).run()
      if dryRun, options.output.format == .text { return }
      try options.output.answer(results)
    }
  }
}

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a deployment would change.",
    discussion: """
      Nothing is changed. Standard output gets the plan; with --plan-out it goes to a file, too, which slipway apply \
      carries out as it is.
      """)

  @OptionGroup var options: DeployOptions

  @Option(help: "Write the plan to a file, for slipway apply --plan.")
  var planOut: String?

  func run() async throws {
    try await options.output.run {
      let planned = try await Deploy(try options.request(), try options.deployer()).plan()
      if let planOut { try PlanFile(planned).write(to: FilePath(planOut)) }
      try options.output.answer(planned)
    }
  }
}

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show what a deployment would change, and end with 3 when that is something.",
    discussion: "Nothing is changed. The exit code is 0 when everything is as the deployment would make it.")

  @OptionGroup var options: DeployOptions

  func run() async throws {
    try await options.output.run {
      let planned = try await Deploy(try options.request(), try options.deployer()).plan()
      try options.output.answer(planned)
      if planned.contains(where: { !$0.plan.changes.isEmpty }) {
        throw Diagnostics.ExitCode.Failure(code: .findings)
      }
    }
  }
}

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Carry out a plan that slipway plan made.",
    discussion: "A plan of another plugin, or of another version of it, is refused.")

  @Option(help: "The file of slipway plan --plan-out.")
  var plan: String

  @Option(help: "The folder with the sources, in which plugins begin.")
  var source = "."

  @OptionGroup var output: DeployOutputOptions

  func run() async throws {
    try await output.run {
      var deployer = try output.deployer(source: FilePath(source))
      output.showPlans(&deployer)
      try output.answer(try await ApplyPlan(try PlanFile(reading: FilePath(plan)), deployer).run())
    }
  }
}

extension DeployOutputOptions {
  func tellRehearsal() {
    if !progress.isQuiet, !progress.isJSON { Terminal.tell(RehearsalOptions.note) }
  }

  /// Plans go to standard error before they are carried out.
  func showPlans(_ deployer: inout Deployer) {
    if progress.isQuiet || progress.isJSON { return }
    let text = PlanText(usesColor: Terminal.usesColor)
    deployer.show = { name, plan in Terminal.tell("\n" + text.text(name, plan) + "\n") }
  }

  func answer(_ planned: [PlannedDeployment]) throws {
    if format == .json { return try answer(planned.map(\.document)) }
    let text = PlanText(usesColor: Terminal.answersInColor)
    let parts = planned.map { text.text($0.deployment.name, $0.plan) }
    try FileDescriptor.standardOutput.writeAll(Array(parts.joined(separator: "\n").utf8))
  }
}
