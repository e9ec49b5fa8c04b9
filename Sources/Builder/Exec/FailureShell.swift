import Diagnostics
import HostOS
public import Sandbox
import Synchronization

/// Opens a shell where the first command of a build failed, for a person to look around.
public final class FailureShell: Sendable {
  typealias Run = @Sendable (SandboxCommand, SandboxTerminal?) async throws -> ExitStatus

  private let terminal: SandboxTerminal
  private let isTaken = Mutex(false)

  public init(_ terminal: SandboxTerminal) { self.terminal = terminal }

  /// Returns when the person has left the shell. Commands that fail meanwhile get none.
  ///
  /// What else runs goes on, but is shown only afterwards. When it fails, the shell stays open; a signal that asks this
  /// process to end ends the shell, too.
  /// - Parameters:
  ///   - command: the one that failed.
  ///   - shell: that of its stage.
  ///   - run: runs another command in its place.
  func open(
    insteadOf command: SandboxCommand, shell: String, _ progress: ProgressReporter, _ run: @escaping Run
  ) async {
    if Task.isCancelled { return }
    let isFirst = isTaken.withLock { isTaken in
      defer { isTaken = true }
      return !isTaken
    }
    guard isFirst else { return }
    progress.hold()
    defer { progress.release() }
    terminal.show("\nThe command failed. This is a shell in its place; leave it to end the build.")
    // The failure of another step cancels this task.
    let session = Task { await self.run(command, shell == "/bin/sh" ? [shell] : [shell, "/bin/sh"], run) }
    let remark = await withTaskCancellationHandler {
      await session.value
    } onCancel: {
      if Signals.last != 0 { session.cancel() }
    }
    if let remark { progress.report(remark) }
  }

  /// What kept the shell from being opened; nil when nothing did.
  private func run(_ command: SandboxCommand, _ shells: [String], _ run: Run) async -> Diagnostic? {
    var command = command
    command.timeout = nil
    if let kind = terminal.kind, !command.environment.contains(where: { $0.hasPrefix("TERM=") }) {
      command.environment.append("TERM=\(kind)")
    }
    for shell in shells {
      do {
        // Whether it is there; on the terminal, what is typed meanwhile would be lost.
        command.arguments = [shell, "-c", ":"]
        _ = try await run(command, nil)
        command.arguments = [shell]
        _ = try await run(command, terminal)
        return nil
      } catch let error as SandboxError {
        if case .commandNotFound = error.cause { continue }
        return Self.warning(error.diagnostics.map(\.message), error.diagnostics.flatMap(\.help))
      } catch is CancellationError {
        return nil
      } catch {
        return Self.warning(["\(error)"], [])
      }
    }
    return Self.warning(
      ["the image has no \(shells.joined(separator: " and no "))"],
      ["build on an image with a shell to look around, such as the debug variant of a distroless one"])
  }

  private static func warning(_ reasons: [String], _ help: [String]) -> Diagnostic {
    .warning(
      "no-shell", "no shell can be opened where the command failed", notes: reasons.map { .init($0) }, help: help)
  }
}
