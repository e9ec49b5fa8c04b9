/// How a process of ours ends. The numbers are part of the interface.
public struct ExitCode: RawRepresentable, Sendable, Hashable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }

  public static let success = ExitCode(rawValue: 0)
  /// What was asked for could not be done.
  public static let failure = ExitCode(rawValue: 1)
  /// The command line, or a file that it names, is not usable.
  public static let usage = ExitCode(rawValue: 2)
  /// A check found something.
  public static let findings = ExitCode(rawValue: 3)
  /// Authentication or authorisation failed.
  public static let authentication = ExitCode(rawValue: 4)
  /// A deployment failed and was rolled back.
  public static let rolledBack = ExitCode(rawValue: 5)
  /// A plugin broke the deploy protocol.
  public static let pluginProtocol = ExitCode(rawValue: 6)
  /// A service that is needed could not be reached (sysexits `EX_UNAVAILABLE`).
  public static let unavailable = ExitCode(rawValue: 69)
  /// A defect of Slipway (sysexits `EX_SOFTWARE`).
  public static let defect = ExitCode(rawValue: 70)

  /// The process was ended by a signal.
  public static func signal(_ number: Int32) -> ExitCode { ExitCode(rawValue: 128 &+ number) }
}

extension ExitCode {
  /// Ends a command with a code, where what there is to say has been said.
  public struct Failure: Error {
    public var code: ExitCode
    public init(code: ExitCode) { self.code = code }
  }
}

/// An error that can explain itself. Every error type of ours conforms, so that whoever catches one can show it
/// and end with the right code.
public protocol DiagnosticError: Error, CustomStringConvertible {
  /// What to show, in order; never empty.
  var diagnostics: [Diagnostic] { get }
  var exitCode: ExitCode { get }
}

extension DiagnosticError {
  public var exitCode: ExitCode { .failure }
  public var description: String { DiagnosticRenderer().render(diagnostics) }
}

/// Diagnostics that end what was being done, where no module's own error says more.
public struct DiagnosticsError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode

  public init(_ diagnostics: [Diagnostic], exitCode: ExitCode = .failure) {
    self.diagnostics = diagnostics
    self.exitCode = exitCode
  }

  public init(_ diagnostic: Diagnostic, exitCode: ExitCode = .failure) {
    self.init([diagnostic], exitCode: exitCode)
  }
}
