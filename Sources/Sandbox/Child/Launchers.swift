import Glibc
import Synchronization

/// The launchers of this process: as many as commands have run side by side.
enum Launchers {
  private struct State {
    var idle: [Launcher] = []
    var isEndArranged = false
  }

  private static let state = Mutex(State())

  /// Gives a launcher to `body` alone, which must wait for what it starts.
  /// - Throws: `SandboxError`, and what `body` throws.
  static func withLauncher<Result>(_ body: (Launcher) throws -> Result) throws -> Result {
    let launcher = try take()
    defer { giveBack(launcher) }
    return try body(launcher)
  }

  private static func take() throws -> Launcher {
    let idle = state.withLock { state in
      // One may have been killed.
      state.idle.removeAll(where: \.hasEnded)
      return state.idle.popLast()
    }
    return try idle ?? Launcher()
  }

  private static func giveBack(_ launcher: Launcher) {
    launcher.forget()
    state.withLock { state in
      state.idle.append(launcher)
      // They would end with us in any case, but a moment later.
      if !state.isEndArranged { atexit { Launchers.end() } }
      state.isEndArranged = true
    }
  }

  private static func end() {
    let idle = state.withLock { state in
      defer { state.idle = [] }
      return state.idle
    }
    withExtendedLifetime(idle) {}
  }
}
