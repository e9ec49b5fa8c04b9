/// How a command ended.
public enum ExitStatus: Sendable, Hashable {
  case exited(Int32)
  case signaled(Int32)

  public var isSuccess: Bool { self == .exited(0) }

  /// The code that a shell shows: the exit code, or 128 plus the number of the signal.
  public var shellCode: Int32 {
    switch self {
    case .exited(let code): code
    case .signaled(let number): 128 + number
    }
  }
}
