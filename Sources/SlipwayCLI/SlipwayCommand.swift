import ArgumentParser
import Diagnostics
import Slipway

struct SlipwayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slipway",
    abstract: "Builds container images without a daemon and without root.",
    version: slipwayVersion,
    subcommands: [
      ApplyCommand.self, ApproveCommand.self, BuildCommand.self, CheckCommand.self, CopyCommand.self,
      DeployCommand.self, DiffCommand.self, DigestCommand.self, DiskUsageCommand.self, DockerCommand.self,
      DoctorCommand.self, HistoryCommand.self, InspectCommand.self, KanikoCommand.self, ListCommand.self,
      LoadCommand.self, LoginCommand.self, LogoutCommand.self, ManifestCommand.self, MigrateCommand.self,
      PlanCommand.self, PluginCommand.self, PruneCommand.self, PullCommand.self, PushCommand.self, RegistryCommand.self,
      RejectCommand.self, RollbackCommand.self, RunCommand.self, SaveCommand.self, ScanCommand.self, ServeCommand.self,
      StatusCommand.self, TagCommand.self, ValidateCommand.self, WaitCommand.self,
    ])

  /// Behind `deploy` stands the name of a plugin, or one of these verbs, which are commands of their own.
  private static let deployVerbs: Set<String> = ["approve", "history", "migrate", "reject"]

  /// The arguments of `deploy VERB` as those of `VERB`.
  static func unfolded(_ arguments: [String]) -> [String] {
    guard arguments.count > 1, arguments[0] == "deploy", deployVerbs.contains(arguments[1]) else { return arguments }
    return Array(arguments.dropFirst())
  }

  /// A wrong name gets the right one as an answer.
  /// - Throws: `SlipwayError` with the code `unknown-command`.
  static func checkName(_ name: String?) throws {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let name, !name.hasPrefix("-"), !names.contains(name) else { return }
    throw SlipwayError(
      "unknown-command", "there is no command \"\(name)\"",
      help: [
        Suggestion.nearest(to: name, in: names).map { "did you mean slipway \($0)?" }
          ?? "the commands are \(names.joined(separator: ", "))"
      ])
  }
}
