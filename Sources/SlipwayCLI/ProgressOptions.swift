import ArgumentParser
import Diagnostics
import HostOS

struct ProgressOptions: ParsableArguments {
  enum Style: String, ExpressibleByArgument, CaseIterable {
    case auto, plain, quiet
  }

  @Option(help: "How progress is shown (default: $BUILDKIT_PROGRESS, else auto).")
  var progress: Style?

  @Flag(name: [.short, .long], help: "Show no progress, the same as --progress quiet.")
  var quiet = false

  /// Whether nothing is to be shown.
  var isQuiet: Bool { style == .quiet }

  private var style: Style {
    quiet ? .quiet : progress ?? Environment.current.nonEmpty("BUILDKIT_PROGRESS").flatMap(Style.init) ?? .auto
  }

  func reporter() -> ProgressReporter {
    switch style {
    case .quiet: return ProgressReporter(SilentProgress())
    case .auto, .plain: return ProgressReporter(PlainProgress(renderer: Terminal.renderer, write: Terminal.tell))
    }
  }
}
