public import Diagnostics
public import SystemPackage

/// A command that could not be run, or not to its end.
public struct SandboxError: DiagnosticError {
  public enum Cause: Sendable, Hashable {
    /// A step of the preparation was refused.
    case setUp(SetUpFailure)
    /// No such program; `tried` are the paths that were looked at. A shell says 127.
    case commandNotFound(String, tried: [String])
    /// A program that is there but cannot be executed. A shell says 126.
    case commandNotExecutable(String, errno: Errno)
    /// The program is there but not the interpreter or loader that it names. A shell says 127.
    case interpreterNotFound(String)
    case timedOut(Duration)
    /// What was asked for makes no sense, such as an empty command.
    case invalid(String)
    /// The host lacks something.
    case unavailable(String)
  }

  public var cause: Cause
  /// Steps to take.
  public var help: [String]

  public init(_ cause: Cause, help: [String] = []) {
    self.cause = cause
    self.help = help
  }

  /// What a shell would give for a command that could not be started; nil for all other causes.
  public var shellCode: Int32? {
    switch cause {
    case .commandNotFound, .interpreterNotFound: 127
    case .commandNotExecutable: 126
    case .setUp, .timedOut, .invalid, .unavailable: nil
    }
  }

  public var diagnostics: [Diagnostic] {
    switch cause {
    case .setUp(let failure):
      let message = "cannot \(failure.step): \(failure.errno.description.lowercased())"
      return [.error("sandbox-set-up", message, notes: failure.notes, help: help)]
    case .commandNotFound(let name, let tried):
      let notes = tried == [name] ? [] : tried.map { Diagnostic.Note("looked for \($0)") }
      return [
        .error(
          "command-not-found", "cannot run \(name): no such file in the image", notes: notes,
          help: help)
      ]
    case .commandNotExecutable(let path, let errno):
      return [
        .error(
          "command-not-executable", "cannot run \(path): \(errno.description.lowercased())",
          help: help)
      ]
    case .interpreterNotFound(let path):
      return [
        .error(
          "interpreter-not-found",
          "cannot run \(path): the interpreter or loader that it names is not in the image",
          help: help)
      ]
    case .timedOut(let duration):
      return [
        .error(
          "command-timed-out", "the command took longer than \(duration) and was killed", help: help
        )
      ]
    case .invalid(let reason): return [.error("invalid-command", reason, help: help)]
    case .unavailable(let reason): return [.error("sandbox-unavailable", reason, help: help)]
    }
  }
}

/// A step of the preparation of a command that the kernel refused.
public struct SetUpFailure: Sendable, Hashable {
  /// What was done, as a verb phrase: `mount overlay`.
  public var step: String
  public var systemCall: String
  public var errno: Errno
  /// The kernel's own words; may be empty.
  public var detail: String
  /// Which of the command's mounts could not be made; nil when it was something else.
  public var mount: Int?

  public init(_ step: String, _ systemCall: String, _ errno: Errno, detail: String = "") {
    self.step = step
    self.systemCall = systemCall
    self.errno = errno
    self.detail = detail
  }

  var notes: [Diagnostic.Note] {
    let refused = Diagnostic.Note("the system call \(systemCall) gave errno \(errno.rawValue)")
    return detail.isEmpty ? [refused] : [refused, Diagnostic.Note("the kernel says: \(detail)")]
  }
}
