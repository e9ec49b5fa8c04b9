import CSeccomp
import Glibc

/// What is answered to the calls of one processor, as its kernel numbers them. Those that are newer than all that have a
/// rule are not there (ENOSYS), as with runc: a C library that tries a new call takes an older one then, and would give
/// up on EPERM. Those between are refused.
struct CallNumbers {
  enum Answer: Hashable {
    case permit
    case fail(Int32)
    /// Its arguments decide.
    case look(name: String)
  }

  /// The kernel's number of the processor.
  let architecture: UInt32
  /// Numbers from `first` to the next one, in order; the first begins at 0.
  private(set) var ranges: [(first: UInt32, answer: Answer)] = []

  /// Calls that are counted apart.
  private struct Series {
    /// libseccomp's number of the processor.
    var token: UInt32
    var first: UInt32
    var isOpen = true
  }
  /// More than a kernel has in one series.
  private static let count: UInt32 = 640

  /// - Parameters:
  ///   - token: libseccomp's number of the processor.
  ///   - all: the processors whose programs may run.
  init(_ token: UInt32, among all: [UInt32], _ answer: (String) -> Answer?) {
    architecture = token
    for series in Self.series(of: token, among: all) { append(series, answer) }
  }

  private static func series(of token: UInt32, among all: [UInt32]) -> [Series] {
    let main = Series(token: token, first: 0)
    switch token {
    // The kernel takes x32 for amd64.
    case seccomp_arch_resolve_name("x86_64"):
      let x32 = seccomp_arch_resolve_name("x32")
      return all.contains(x32) ? [main, Series(token: x32, first: 0x4000_0000)] : [main]
    // Its own calls are no older or newer than others.
    case seccomp_arch_resolve_name("arm"): return [main, Series(token: token, first: 0xF_0000, isOpen: false)]
    default: return [main]
    }
  }

  private mutating func append(_ series: Series, _ answer: (String) -> Answer?) {
    var newest = series.first
    let answers = (series.first..<series.first + Self.count).map { number -> Answer in
      guard let known = Self.name(of: number, on: series.token).flatMap(answer) else { return .fail(EPERM) }
      newest = number
      return known
    }
    for (number, answer) in zip(series.first...newest, answers) { append(number, answer) }
    append(newest + 1, .fail(series.isOpen ? ENOSYS : EPERM))
  }

  private mutating func append(_ number: UInt32, _ answer: Answer) {
    if ranges.last?.answer != answer { ranges.append((number, answer)) }
  }

  private static func name(of number: UInt32, on token: UInt32) -> String? {
    guard let name = seccomp_syscall_resolve_num_arch(token, Int32(bitPattern: number)) else { return nil }
    defer { free(name) }
    return String(cString: name)
  }
}
