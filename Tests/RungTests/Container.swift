import HostOS
import SystemPackage
import TestSupport

/// A process like those in containers: in a user namespace that permits no other, with all ids, and with few rights.
struct Container: Sendable {
  enum Rights: Sendable {
    /// Root with the capabilities that Docker gives.
    case docker
    /// A user who has none, and gets none by executing programs.
    case none(PlainUser)

    /// Options of setpriv(1).
    fileprivate var options: [String] {
      switch self {
      case .docker:
        [
          "--inh-caps", "-all", "--bounding-set",
          "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,"
            + "+sys_chroot,+mknod,+audit_write,+setfcap",
        ]
      case .none(let user):
        [
          "--reuid", "\(user.uid)", "--regid", "\(user.gid)", "--clear-groups", "--inh-caps", "-all", "--bounding-set",
          "-all", "--no-new-privs",
        ]
      }
    }
  }

  let rights: Rights

  /// A shell could not do it: what it executes before the ids are mapped loses its rights.
  private static let script = """
    import ctypes, os, sys
    library = ctypes.CDLL(None, use_errno=True)
    made, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(made[0]), os.close(mapped[1])
        if library.unshare(0x10000000) != 0:  # CLONE_NEWUSER
            sys.exit("unshare: " + os.strerror(ctypes.get_errno()))
        os.write(made[1], b".")
        os.read(mapped[0], 1) or sys.exit("the ids were not mapped")
        with open("/proc/sys/user/max_user_namespaces", "w") as limit:
            limit.write("0")
        os.execvp("setpriv", ["setpriv", *sys.argv[1:]])
    os.close(made[1]), os.close(mapped[0])
    if os.read(made[0], 1):
        for kind in "uid", "gid":
            with open(f"/proc/{child}/{kind}_map", "w") as map:
                map.write("0 0 4294967295")
        os.write(mapped[1], b".")
    os.close(mapped[1])
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

  /// - Throws: `TestSupportError` when Python or setpriv is missing; how it ends is in the outcome.
  func run(_ command: [String], environment: Environment) async throws -> ChildProcess.Outcome {
    try await Tool.attempt("python3", ["-c", Self.script] + rights.options + command, environment: environment)
  }
}

extension SlipwayBinary {
  func run(_ arguments: [String], in container: Container) async throws -> ChildProcess.Outcome {
    try await container.run([executable.string] + arguments, environment: environment)
  }
}
