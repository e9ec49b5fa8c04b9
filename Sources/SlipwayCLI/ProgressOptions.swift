import ArgumentParser
import Diagnostics
import HostOS
import JSON

struct ProgressOptions: ParsableArguments {
  enum Style: String, ExpressibleByArgument, CaseIterable {
    case auto, plain, quiet, json
  }

  @Option(help: "How progress is shown (default: $BUILDKIT_PROGRESS, else auto).")
  var progress: Style?

  @Flag(name: [.short, .long], help: "Show no progress, the same as --progress quiet.")
  var quiet = false

  /// Whether nothing is to be shown.
  var isQuiet: Bool { style == .quiet }

  /// Whether everything that is told is to be JSON lines.
  var isJSON: Bool { style == .json }

  private var style: Style {
    quiet ? .quiet : progress ?? Environment.current.nonEmpty("BUILDKIT_PROGRESS").flatMap(Style.init) ?? .auto
  }

  /// Tells what ended the work.
  func tell(_ diagnostics: [Diagnostic]) {
    if isJSON {
      for diagnostic in diagnostics { Terminal.tell(diagnostic.json.text + "\n") }
    } else {
      Terminal.tell("\n" + Terminal.renderer.render(diagnostics))
    }
  }

  func reporter() -> ProgressReporter {
    switch style {
    case .quiet: return ProgressReporter(SilentProgress())
    case .json: return ProgressReporter(JSONProgress(write: Terminal.tell))
    case .auto, .plain: return ProgressReporter(PlainProgress(renderer: Terminal.renderer, write: Terminal.tell))
    }
  }
}
