import ArgumentParser
import Diagnostics
import Slipway

struct PluginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Look at deploy plugins.", subcommands: [Describe.self])

  struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "describe", abstract: "Show what a plugin says of itself, as JSON.")

    @Argument(help: "The plugin's name.")
    var name: String

    func run() async throws {
      guard let code = await BuiltInPlugins.run("slipway-deploy-\(name)", ["describe"]) else {
        throw SlipwayError(
          "unknown-plugin", "there is no plugin \"\(name)\"",
          help: [
            Suggestion.nearest(to: name, in: BuiltInPlugins.names).map { "did you mean \($0)?" }
              ?? "the plugins are \(BuiltInPlugins.names.joined(separator: ", "))"
          ])
      }
      throw Diagnostics.ExitCode.Failure(code: code)
    }
  }
}
