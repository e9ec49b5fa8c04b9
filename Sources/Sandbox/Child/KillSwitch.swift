import CSandbox
import Synchronization

/// Ends a child from another task, whether it has been started yet or not, and never another process in its place.
final class KillSwitch: Sendable {
  private struct State {
    var child: Int32?
    var isPulled = false
  }
  private let state = Mutex(State())
  private let asks: Bool

  /// - Parameter asks: whether the child is told to end itself and what it has, because no namespace ends with it.
  init(asks: Bool = false) { self.asks = asks }

  var isPulled: Bool { state.withLock { $0.isPulled } }

  func arm(_ child: Int32) {
    state.withLock {
      $0.child = child
      if $0.isPulled { end(child) }
    }
  }

  /// The descriptor of the child is about to be closed.
  func disarm() { state.withLock { $0.child = nil } }

  func pull() {
    state.withLock {
      $0.isPulled = true
      if let child = $0.child { end(child) }
    }
  }

  /// Ends a child now, without having been pulled.
  func end(_ child: Int32) { _ = asks ? csandbox_terminate(child) : csandbox_kill(child) }
}
