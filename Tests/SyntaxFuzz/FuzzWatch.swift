import Glibc

/// Ends the process when an input hangs, and tells which input it was that trapped or hung.
enum FuzzWatch {
  /// In seconds.
  private static let patience: UInt32 = 30
  // Written by the only thread that works, read by signal handlers in it.
  nonisolated(unsafe) private static var input: UInt64 = 0
  nonisolated(unsafe) private static var seed: UInt64 = 0

  static func start(seed: UInt64) {
    self.seed = seed
    for number in [SIGALRM, SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] {
      signal(number) { number in
        FuzzWatch.write(number == SIGALRM ? "\nhang in input " : "\ntrap in input ")
        FuzzWatch.write(FuzzWatch.input)
        FuzzWatch.write(" of seed ")
        FuzzWatch.write(FuzzWatch.seed)
        FuzzWatch.write("\n")
        _exit(1)
      }
    }
  }

  static func begin(_ input: UInt64) {
    self.input = input
    alarm(patience)
  }

  static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The most there was.
  static var residentMegabytes: Int {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  // MARK: What may be called in a signal handler

  private static func write(_ text: StaticString) { _ = Glibc.write(2, text.utf8Start, text.utf8CodeUnitCount) }

  private static func write(_ number: UInt64) {
    if number >= 10 { write(number / 10) }
    var digit = UInt8(48 + number % 10)
    _ = Glibc.write(2, &digit, 1)
  }
}
