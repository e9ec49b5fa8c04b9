import ArgumentParser
import Slipway

struct SlipwayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slipway",
    abstract: "Builds container images without a daemon and without root.",
    version: slipwayVersion,
    subcommands: [BuildCommand.self, PluginCommand.self])
}
