import ArgumentParser
import Diagnostics
import HostOS
import JSON
import Slipway

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List the deployments and rollbacks of this machine's store, newest first.",
    discussion: """
      Each line has the time, the operation, the deployment, how it ended, who did it, and the images. With --format \
      json the records are written whole, as they are in the folder deployments of the store.
      """)

  @Option(help: "Only deployments of this name.")
  var name: String?

  @Option(help: "As many as that.")
  var limit = 20

  @Option(help: "How the answer is written: text or json.")
  var format: DeployOutputOptions.Format = .text

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    let records = try DeploymentRecords(bench).all().filter { name == nil || $0.name == name }
    let shown = records.prefix(max(0, limit))
    switch format {
    case .text: if !shown.isEmpty { try Terminal.answer(shown.map(\.line).joined(separator: "\n")) }
    case .json: try Terminal.answer(JSONValue.array(shown.map(\.json)).prettyText)
    }
  }
}
