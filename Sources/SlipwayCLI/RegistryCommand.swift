import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct RegistryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry", abstract: "Look at how registries are reached.", subcommands: [Explain.self])

  struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain",
      abstract: "Say where an image would be pulled from and pushed to, and which file decided it.",
      discussion: "No registry is asked, and no secret is shown. docs/registries.md names the files.")

    @Argument(help: "The image's name, such as debian:12.")
    var name: String

    @Option(help: "How it is written: text or json.")
    var format: StoreReportFormat = .text

    func run() async throws {
      let explanation = try await ExplainRegistry(name, Workbench(environment: .current, progress: .silent)).explain()
      try FileDescriptor.standardOutput.writeAll(Array(try explanation.rendered(as: format).utf8))
    }
  }
}
