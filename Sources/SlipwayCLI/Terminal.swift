import ArgumentParser
import Diagnostics
import Glibc
import HostOS
import SystemPackage

/// Standard output for answers, standard error for everything else.
enum Terminal {
  static func answer(_ text: String) throws {
    try FileDescriptor.standardOutput.writeAll(Array((text + "\n").utf8))
  }

  @Sendable static func tell(_ text: String) {
    // Nobody is left to tell when standard error is closed.
    _ = try? FileDescriptor.standardError.writeAll(Array(text.utf8))
  }

  @Sendable static func tell(_ bytes: [UInt8]) {
    _ = try? FileDescriptor.standardError.writeAll(bytes)
  }

  /// Whether colours are welcome (no-color.org).
  static var usesColor: Bool { usesColor(on: STDERR_FILENO) }

  /// The same for standard output.
  static var answersInColor: Bool { usesColor(on: STDOUT_FILENO) }

  private static func usesColor(on descriptor: Int32) -> Bool {
    Environment.current.nonEmpty("NO_COLOR") == nil && Environment.current["TERM"] != "dumb"
      && isatty(descriptor) == 1
  }

  static var renderer: DiagnosticRenderer { DiagnosticRenderer(color: usesColor) }

  /// Shows an error and says how to end.
  static func report(_ error: any Error) -> Diagnostics.ExitCode {
    if Signals.last != 0 { return .signal(Signals.last) }
    if let error = error as? any DiagnosticError {
      tell("\n" + renderer.render(error.diagnostics))
      return error.exitCode
    }
    let code = SlipwayCommand.exitCode(for: error)
    if code.isSuccess {
      // Help and version are answers.
      _ = try? FileDescriptor.standardOutput.writeAll(Array((SlipwayCommand.fullMessage(for: error) + "\n").utf8))
      return .success
    }
    if code == .validationFailure {
      tell(SlipwayCommand.fullMessage(for: error) + "\n")
      return .usage
    }
    tell(
      renderer.render(
        .error(
          "defect", "something unexpected happened: \(error)", help: ["this is a defect of Slipway: please report it"]))
    )
    return .defect
  }
}
