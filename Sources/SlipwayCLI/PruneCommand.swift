import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct PruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove what is not needed from the store.",
    discussion: """
      Nothing is asked. What processes that were killed left behind goes first, then the least recently used. What an \
      image that has a name needs stays, and what a running build may need. docs/store.md says more.
      """)

  @Flag(name: [.short, .long], help: "Remove images that have names, too.")
  var all = false

  @Option(help: "What may go: until=24h, type=snapshot or id=BEGINNING; may be repeated.")
  var filter: [String] = []

  @Option(help: "Stop when the store takes no more than this, such as 10g.")
  var keepStorage: String?

  @Option(help: "How the answer is written: text or json.")
  var format: StoreReportFormat = .text

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    var request = PruneRequest()
    request.includesImages = all
    request.filters = filter
    request.keepStorage = keepStorage
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    switch try await PruneStore(request, bench).run() {
    case .delegated(let code): throw Diagnostics.ExitCode.Failure(code: code)
    case .pruned(let report):
      try FileDescriptor.standardOutput.writeAll(Array(try report.rendered(as: format).utf8))
      if report.exitCode != .success { throw Diagnostics.ExitCode.Failure(code: report.exitCode) }
    }
  }
}
