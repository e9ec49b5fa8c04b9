import CSandbox
public import Diagnostics
import Glibc
import HostOS
import Synchronization
import SystemPackage

extension UserNamespace {
  /// Why there is one id only; nil in the other cases.
  public static var singleIDReason: String? { entryMark.withLock { $0?.reason } }

  /// Goes on as root of a user namespace where this process is not allowed to mount: starts this program once more,
  /// with the same arguments, in new user and mount namespaces, and waits for it.
  ///
  /// Call it at the start of the program, on its main thread, before others are started: the new process is killed
  /// when the thread ends. SIGINT, SIGTERM, SIGHUP and SIGQUIT are handed on.
  /// - Parameter isolation: what commands shall run in. Where it is `auto`, a process that may change its root folder
  ///   goes on as it is when the host refuses user namespaces.
  /// - Returns: the exit code to end with; nil when this process is already where it should be.
  /// - Throws: `SandboxError` when the host refuses user namespaces and there is no other way.
  public static func enterIfNeeded(for isolation: Isolation = .auto) throws -> ExitCode? {
    if let mark = takeMark() {
      entryMark.withLock { $0 = mark }
      return nil
    }
    let capabilities = ProcessCapabilities.effective
    if isolation == .chroot || capabilities.contains(.systemAdministration) { return nil }
    do { return try enter() } catch let error as SandboxError {
      guard isolation == .auto, capabilities.contains(.changeRoot) else { throw error }
      return nil
    }
  }

  private struct Mark: Sendable {
    var reason: String?
  }

  private static let entryMark = Mutex<Mark?>(nil)
  private static let variable = "SLIPWAY_USER_NAMESPACE"

  /// The new process knows by a variable where it is; nobody that it starts shall see that.
  private static func takeMark() -> Mark? {
    guard let value = getenv(variable).map({ String(cString: $0) }) else { return nil }
    unsetenv(variable)
    return Mark(reason: value.isEmpty ? nil : value)
  }

  private static func enter() throws -> ExitCode {
    var candidates = IDMapping.candidates()
    while true {
      let mapping = candidates.removeFirst()
      do {
        return try enter(with: mapping)
      } catch let error as MappingRefused {
        if candidates.isEmpty {
          if case .single = mapping { throw error.cause }
          candidates = [.single(reason: error.cause.diagnostics.first?.message ?? "the mapping was refused")]
        }
      }
    }
  }

  private struct MappingRefused: Error {
    var cause: SandboxError
  }

  private static func enter(with mapping: IDMapping) throws -> ExitCode {
    let ready = try Pipe(waits: true)
    let failure = try Pipe()
    let arguments = CStringList(try commandLine())
    let mark = Array("\(variable)=\(mapping.reason ?? "")".utf8)
    let environment = CStringList(currentEnvironment() + [mark])
    var child: Int32 = 0
    let result = withExtendedLifetime((arguments, environment)) {
      csandbox_spawn_in_user_namespace(
        "/proc/self/exe", arguments.pointer, environment.pointer, ready.readEnd, failure.writeEnd, &child)
    }
    guard result == 0 else {
      let refused = SetUpFailure("create a user namespace", "clone", Errno(rawValue: result))
      throw SandboxError(.setUp(refused), help: Remedy.forNamespaces())
    }
    failure.closeWriteEnd()
    do {
      try mapping.apply(to: child)
    } catch let error as SandboxError {
      kill(child, SIGKILL)
      var status: Int32 = 0
      waitpid(child, &status, 0)
      throw MappingRefused(cause: error)
    }
    return try wait(for: child, ready, failure)
  }

  private static func wait(for child: Int32, _ ready: Pipe, _ failure: Pipe) throws -> ExitCode {
    var go: UInt8 = 1
    _ = write(ready.writeEnd, &go, 1)
    ready.closeWriteEnd()
    var status: Int32 = 0
    let result = csandbox_wait_forwarding_signals(child, &status)
    guard result == 0 else {
      throw SandboxError(.setUp(SetUpFailure("wait for the new process", "waitpid", Errno(rawValue: result))))
    }
    var errno: [UInt8] = []
    failure.drain { errno += $0 }
    if errno.count == MemoryLayout<Int32>.size {
      let number = errno.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
      throw SandboxError(.setUp(SetUpFailure("execute /proc/self/exe", "execve", Errno(rawValue: number))))
    }
    let signal = status & 0x7F
    return signal == 0 ? ExitCode(rawValue: status >> 8 & 0xFF) : .signal(signal)
  }

  /// As bytes: an argument need not be UTF-8.
  private static func commandLine() throws -> [[UInt8]] {
    var arguments = try Files.read("/proc/self/cmdline").split(separator: 0, omittingEmptySubsequences: false)
    if arguments.last?.isEmpty == true { arguments.removeLast() }
    return arguments.map(Array.init)
  }

  private static func currentEnvironment() -> [[UInt8]] {
    guard let variables = csandbox_environment() else { return [] }
    var result: [[UInt8]] = []
    var index = 0
    while let variable = variables[index] {
      result.append(Array(UnsafeRawBufferPointer(start: variable, count: strlen(variable))))
      index += 1
    }
    return result
  }
}
