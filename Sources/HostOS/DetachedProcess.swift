import Glibc
public import SystemPackage

/// Starts a program that goes on when this process ends, in a session of its own.
public enum DetachedProcess {
  /// - Parameters:
  ///   - arguments: all of them, with the program's name first.
  ///   - output: the file that gets what it writes, to both of its outputs.
  /// - Returns: its number.
  /// - Throws: `HostError`.
  public static func start(
    _ executable: FilePath, _ arguments: [String], environment: Environment, output: FilePath
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.string, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this process ignores or blocks is not meant for the other one.
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    // POSIX_SPAWN_SETSID is no constant that Swift sees.
    posix_spawnattr_setflags(&attributes, Int16(0x80 | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      environment.variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var number: pid_t = 0
    let result = executable.withPlatformString { posix_spawn(&number, $0, &actions, &attributes, &words, &variables) }
    guard result == 0 else { throw HostError("start", executable, Errno(rawValue: result)) }
    return number
  }

  /// The exit code of a process that was started here, if it has ended.
  public static func ended(_ number: Int32) -> Int32? {
    var status: Int32 = 0
    guard waitpid(number, &status, WNOHANG) == number else { return nil }
    let signal = status & 0x7F
    return signal == 0 ? status >> 8 & 0xFF : 128 + signal
  }

  /// Asks a process to end.
  public static func terminate(_ number: Int32) { kill(number, SIGTERM) }
}

/// Numbers of processes.
public enum ProcessNumber {
  public static var own: Int32 { getpid() }
}
