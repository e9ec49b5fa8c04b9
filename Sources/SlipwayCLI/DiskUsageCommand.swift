public import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct DiskUsageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "du",
    abstract: "Show what the store holds and what of it can be reclaimed.",
    discussion: "The types are explained in docs/store.md.")

  @Flag(name: [.short, .long], help: "List each thing, the last used first.")
  var verbose = false

  @Option(help: "How it is written: text or json.")
  var format: StoreReportFormat = .text

  func run() async throws {
    switch try await DiskUsageReport.make(try Workbench(environment: .current, progress: .silent)) {
    case .delegated(let code): throw Diagnostics.ExitCode.Failure(code: code)
    case .found(let report):
      let text = try report.rendered(as: format, listsItems: verbose)
      try FileDescriptor.standardOutput.writeAll(Array(text.utf8))
    }
  }
}

extension StoreReportFormat: ExpressibleByArgument {}
