public import Diagnostics

/// What docker says when it cannot do something: scripts know the words.
public struct DockerError: DiagnosticError {
  /// A whole message for standard error.
  public var message: String
  public var exitCode: ExitCode

  public init(_ message: String, exitCode: ExitCode = .failure) {
    self.message = message
    self.exitCode = exitCode
  }

  public var diagnostics: [Diagnostic] { [.error("docker", message)] }

  public static func noSuchImage(_ name: String) -> DockerError {
    DockerError("Error response from daemon: No such image: \(name)")
  }

  static func daemon(_ words: String) -> DockerError { DockerError("Error response from daemon: \(words)") }
}
