public import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct DiskUsageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "du",
    abstract: "Show what the store holds and what of it can be reclaimed.",
    discussion: "The types are explained in docs/store.md.")

  @Flag(name: [.short, .long], help: "List each thing, the last used first.")
  var verbose = false

  @Option(help: "How it is written: text or json.")
  var format: StoreReportFormat = .text

  func run() throws {
    let bench = try Workbench(environment: .current, progress: .silent)
    let text = try DiskUsageReport(bench).rendered(as: format, listsItems: verbose)
    try FileDescriptor.standardOutput.writeAll(Array(text.utf8))
  }
}

extension StoreReportFormat: ExpressibleByArgument {}
