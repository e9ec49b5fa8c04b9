import Diagnostics
import HostOS
import OCI
import Sandbox
import Synchronization
import SystemPackage

/// How the commands of a build are kept apart: decided with the first one. Holds the folders that they run in where
/// nothing can be mounted.
final class ExecIsolation: Sendable {
  private struct State {
    var choice: Isolation?
    var isWarningDue: Bool
    var folders: [ChainID: [FilePath]] = [:]
  }

  private let wanted: Isolation
  private let state: Mutex<State>

  init(_ wanted: Isolation) {
    self.wanted = wanted
    state = Mutex(State(isWarningDue: wanted == .auto))
  }

  /// What was decided; nil before the first command.
  var known: Isolation? { state.withLock { $0.choice } }

  /// `userns` or `chroot`.
  /// - Parameter folder: in the store, where overlayfs is tried.
  /// - Throws: `SandboxError` when there is neither, `HostError`.
  func choice(in folder: FilePath) async throws -> Isolation {
    if let known { return known }
    let choice = try await wanted.choice(in: folder)
    state.withLock { $0.choice = choice }
    return choice
  }

  /// A weaker way is never taken in silence, unless it was asked for: what to tell, once in a build.
  /// - Throws: `HostError`.
  func warning(in folder: FilePath) async throws -> Diagnostic? {
    let isDue = state.withLock { state in
      defer { state.isWarningDue = false }
      return state.isWarningDue && state.choice == .chroot
    }
    guard isDue else { return nil }
    let report = try await IsolationProbe(in: folder).run()
    return .warning(
      "weak-isolation",
      "commands run in a changed root folder alone: they share network and processes with this machine, and have no /proc",
      notes: report.refusals.map { Diagnostic.Note("\($0)") }, help: report.remedies)
  }

  /// A folder that a command of this build left behind, with the files of the longest part of a stack, and the number
  /// of its layers. It is the caller's from now on.
  func takeFolder(for stack: LayerStack) -> (folder: FilePath, layers: Int)? {
    state.withLock { state in
      for index in stack.layers.indices.reversed() {
        guard let chain = stack.prefix(through: index).chainID else { continue }
        if let folder = state.folders[chain]?.popLast() { return (folder, index + 1) }
      }
      return nil
    }
  }

  /// Keeps a folder with the files of a stack for the command that follows.
  func keep(_ folder: FilePath, as stack: LayerStack) {
    guard let chain = stack.chainID else { return }
    state.withLock { $0.folders[chain, default: []].append(folder) }
  }

  /// Nothing more will run.
  /// - Throws: `HostError`.
  func removeFolders() throws {
    let folders = state.withLock { state in
      defer { state.folders = [:] }
      return state.folders.values.flatMap { $0 }
    }
    // Each lies in a work folder of its own.
    for folder in folders { try Files.removeTree(folder.removingLastComponent()) }
  }
}
