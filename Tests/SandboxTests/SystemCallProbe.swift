import HostOS
import SystemPackage
import TestSupport

/// A static program that makes system calls, of which most are refused to containers, and prints what the kernel says:
/// a name and an errno per line, 0 where a call is carried out; then its rights. Its calls change nothing where they are
/// permitted. Numbers are in hexadecimal digits, and names have the program's argument before them.
enum SystemCallProbe {
  /// Compiles it.
  static func build(at path: FilePath) async throws {
    let source = path.removingLastComponent().appending("probe.c")
    try Files.writeAtomically(Array(text.utf8), to: source)
    try await Tool.run("cc", ["-static", "-O1", "-w", "-o", path.string, source.string])
    try Files.removeTree(source)
  }

  /// What is said of each name in its output.
  static func answers(in output: String) -> [String: String] {
    Dictionary(
      output.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        // Output of a build has the number of the step and a time before.
        guard words.count >= 3, words[words.count - 3] == "probe" else { return nil }
        return (String(words[words.count - 2]), String(words[words.count - 1]))
      }, uniquingKeysWith: { first, _ in first })
  }

  private static let text = """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <sched.h>
    #include <signal.h>
    #include <stdio.h>
    #include <string.h>
    #include <sys/prctl.h>
    #include <sys/syscall.h>
    #include <sys/wait.h>
    #include <unistd.h>
    #define ASK(name, ...) ask(#name, syscall(__VA_ARGS__))
    static const char *prefix = "";
    static void tell(const char *name, unsigned long long value) { printf("probe %s%s %llx\\n", prefix, name, value); }
    static void ask(const char *name, long result) { tell(name, result < 0 ? errno : 0); }
    static void clone_with(const char *name, unsigned long flags) {
      long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
      if (child == 0) _exit(0);
      ask(name, child);
      if (child > 0) waitpid(child, 0, 0);
    }
    int main(int count, char **arguments) {
      if (count > 1) prefix = arguments[1];
      setvbuf(stdout, 0, _IONBF, 0);
      ASK(mount, SYS_mount, 0, 0, 0, 0, 0);
      ASK(umount2, SYS_umount2, 0, 0);
      ASK(pivot_root, SYS_pivot_root, 0, 0);
      ASK(fsopen, SYS_fsopen, 0, 0);
      ASK(open_tree, SYS_open_tree, -1, 0, 0);
      ASK(move_mount, SYS_move_mount, -1, 0, -1, 0, 0);
      ASK(chroot, SYS_chroot, 0);
      ASK(unshare_nothing, SYS_unshare, 0);
      ASK(unshare_user, SYS_unshare, CLONE_NEWUSER);
      ASK(setns, SYS_setns, -1, 0);
      clone_with("clone", 0);
      clone_with("clone_user", CLONE_NEWUSER);
      clone_with("clone_mount", CLONE_NEWNS);
      ASK(clone3, 435, 0, 0);
      ASK(keyctl, SYS_keyctl, 0, -3, 0, 0, 0);
      ASK(add_key, SYS_add_key, 0, 0, 0, 0, 0);
      ASK(request_key, SYS_request_key, 0, 0, 0, 0);
      ASK(bpf, SYS_bpf, -1, 0, 0);
      ASK(perf_event_open, SYS_perf_event_open, 0, 0, 0, 0, 0);
      ASK(userfaultfd, SYS_userfaultfd, -1);
      ASK(io_uring_setup, 425, 0, 0);
      ASK(ptrace, SYS_ptrace, 16, -1, 0, 0);
      ASK(process_vm_readv, SYS_process_vm_readv, -1, 0, 0, 0, 0, 0);
      ASK(kcmp, SYS_kcmp, -1, -1, 0, 0, 0);
      ASK(pidfd_getfd, 438, -1, 0, 0);
      ASK(personality_ask, SYS_personality, 0xffffffffUL);
      ASK(personality_linux32, SYS_personality, 8UL);
      ASK(personality_linux, SYS_personality, 0UL);
      ASK(personality_no_randomize, SYS_personality, 0x40000UL);
      ASK(socket_inet, SYS_socket, 2, 2, 0);
      ASK(socket_netlink, SYS_socket, 16, 3, 0);
      ASK(socket_nonsense, SYS_socket, 45, -1, -1);
      ASK(socket_alg, SYS_socket, 38, 5, 0);
      ASK(socket_vsock, SYS_socket, 40, 1, 0);
      ASK(reboot, SYS_reboot, 0, 0, 0, 0);
      ASK(kexec_load, SYS_kexec_load, 0, 0, 0, -1);
      ASK(init_module, SYS_init_module, 0, 0, 0);
      ASK(finit_module, SYS_finit_module, -1, 0, -1);
      ASK(delete_module, SYS_delete_module, 0, 0);
      ASK(swapon, SYS_swapon, 0, 0);
      ASK(acct, SYS_acct, 1);
      ASK(quotactl, SYS_quotactl, 0, 0, 0, 0);
      ASK(syslog, SYS_syslog, 10, 0, 0);
      ASK(sethostname, SYS_sethostname, "probe", 5);
      ASK(settimeofday, SYS_settimeofday, 1, 0);
      ASK(clock_settime, SYS_clock_settime, 0, 0);
      ASK(vhangup, SYS_vhangup);
      ASK(open_by_handle_at, SYS_open_by_handle_at, -1, 0, 0);
      ASK(name_to_handle_at, SYS_name_to_handle_at, -1, 0, 0, 0, 0);
      ASK(get_mempolicy, SYS_get_mempolicy, 0, 0, 0, 0, 0);
      ASK(fanotify_init, SYS_fanotify_init, -1, 0);
      ASK(landlock_version, 444, 0, 0, 1);
      ASK(seccomp_available, SYS_seccomp, 2, 0, 0);
      ASK(openat2, 437, -1, 0, 0, 0);
      ASK(statx, SYS_statx, -1, 0, 0, 0, 0);
      ASK(no_such_call, 5000);
      unsigned header[2] = {0x20080522, 0}, sets[6] = {0};
      syscall(SYS_capget, header, sets);
      unsigned long long bounding = 0, ambient = 0;
      for (int number = 0; number < 41; number++) {
        bounding |= (unsigned long long)(prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) << number;
        ambient |= (unsigned long long)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1) << number;
      }
      tell("effective", sets[0] | (unsigned long long)sets[3] << 32);
      tell("permitted", sets[1] | (unsigned long long)sets[4] << 32);
      tell("inheritable", sets[2] | (unsigned long long)sets[5] << 32);
      tell("bounding", bounding);
      tell("ambient", ambient);
      tell("no_new_privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
      tell("filtered", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
      tell("effective_user", geteuid());
      return 0;
    }
    """
}
