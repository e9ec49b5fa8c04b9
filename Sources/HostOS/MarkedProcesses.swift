import Glibc
import SystemPackage

/// Processes that were started with a certain variable in their environment, wherever they are by now.
public enum MarkedProcesses {
  /// Ends them: SIGTERM, and SIGKILL after `patience`. Blocks for as long.
  /// - Parameter mark: `NAME=value`.
  /// - Returns: how many there were.
  @discardableResult
  public static func end(_ mark: String, patience: Duration = .seconds(2)) -> Int {
    let first = find(mark)
    for pid in first { kill(pid, SIGTERM) }
    let deadline = ContinuousClock.now + patience
    var rest = first
    while !rest.isEmpty, ContinuousClock.now < deadline {
      usleep(10_000)
      rest = find(mark)
    }
    for pid in rest { kill(pid, SIGKILL) }
    return first.count
  }

  /// Of those whose environment this process may read.
  static func find(_ mark: String) -> [Int32] {
    let names = (try? Files.names(in: "/proc")) ?? []
    let mark = Array(mark.utf8)
    return names.compactMap { name in
      guard let pid = Int32(name.string), pid != getpid(),
        let environment = try? Files.read(FilePath("/proc/\(pid)/environ"), limit: 8 << 20)
      else { return nil }
      return environment.split(separator: 0).contains { $0.elementsEqual(mark) } ? pid : nil
    }
  }
}
