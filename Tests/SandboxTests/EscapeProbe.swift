import HostOS
import SystemPackage
import TestSupport

/// A static program that tries to get at what lies outside of its sandbox, and prints a line for each way that leads
/// there: `LEAK WHAT`.
///
///     escape FILE MARKER MAJOR MINOR PID
///
/// FILE of the machine holds MARKER, as does a variable of processes outside; the machine's disk has the numbers MAJOR
/// and MINOR; PID is a process outside.
enum EscapeProbe {
  static func build(at path: FilePath) async throws {
    let source = path.removingLastComponent().appending("escape.c")
    try Files.writeAtomically(Array(text.utf8), to: source)
    try await Tool.run("cc", ["-static", "-O1", "-w", "-o", path.string, source.string])
    try Files.removeTree(source)
  }

  private static let text = """
    #define _GNU_SOURCE
    #include <dirent.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <sched.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/mount.h>
    #include <sys/ptrace.h>
    #include <sys/stat.h>
    #include <sys/sysmacros.h>
    #include <sys/wait.h>
    #include <unistd.h>

    static const char *file, *marker;
    static char content[1 << 16];
    static void leak(const char *what, const char *detail) { printf("LEAK %s %s\\n", what, detail); }
    static int holds(const char *path) {
      int descriptor = open(path, O_RDONLY | O_NONBLOCK);
      if (descriptor < 0) return 0;
      ssize_t size = read(descriptor, content, sizeof content - 1);
      close(descriptor);
      return size > 0 && memmem(content, size, marker, strlen(marker)) != 0;
    }
    static int opens(const char *path, int flags) {
      int descriptor = open(path, flags | O_NONBLOCK);
      if (descriptor >= 0) close(descriptor);
      return descriptor >= 0;
    }

    static void look_at(const char *process) {
      static const char *const ways[] = {"root", "cwd", "exe/..", "cwd/../../../../../../../.."};
      char path[8192];
      for (int index = 0; index < 4; index++) {
        snprintf(path, sizeof path, "/proc/%s/%s/%s", process, ways[index], file);
        if (holds(path)) leak("file", path);
      }
      snprintf(path, sizeof path, "/proc/%s/environ", process);
      if (holds(path)) leak("environment", path);
      snprintf(path, sizeof path, "/proc/%s/cmdline", process);
      int is_self = atoi(process) == getpid();
      if (!is_self && holds(path)) leak("arguments", path);
      snprintf(path, sizeof path, "/proc/%s/mem", process);
      if (!is_self && opens(path, O_RDONLY)) leak("memory", path);
      snprintf(path, sizeof path, "/proc/%s/fd", process);
      DIR *folder = opendir(path);
      for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char below[8192];
        snprintf(below, sizeof below, "%s/%s/../../../../../../../../%s", path, entry->d_name, file);
        if (holds(below)) leak("descriptor", below);
      }
      if (folder) closedir(folder);
      if (!is_self && ptrace(PTRACE_SEIZE, atoi(process), 0, 0) == 0) leak("trace", process);
    }

    static void look_at_processes(const char *outside) {
      DIR *folder = opendir("/proc");
      for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (atoi(entry->d_name) > 0) look_at(entry->d_name);
      if (folder) closedir(folder);
      char parent[16];
      sprintf(parent, "%d", getppid());
      if (ptrace(PTRACE_SEIZE, getppid(), 0, 0) == 0) leak("trace", parent);
      if (ptrace(PTRACE_SEIZE, atoi(outside), 0, 0) == 0) leak("trace", outside);
      if (kill(atoi(outside), 0) == 0) leak("signal", "");
    }

    /// Out of a root folder by another one below it.
    static void change_root_twice(int by_descriptor) {
      if (fork() > 0) { wait(0); return; }
      int outer = open("/", O_RDONLY | O_DIRECTORY);
      mkdir("/tmp/inner", 0700);
      if (chroot("/tmp/inner") == 0) {
        if (by_descriptor) fchdir(outer);
        for (int count = 0; count < 64; count++) chdir("..");
        chroot(".");
        if (holds(file)) leak("chroot", "");
      }
      _exit(0);
    }

    static void read_devices(unsigned major_number, unsigned minor_number) {
      static const char *const places[] = {"/tmp/node", "/dev/node", "/dev/shm/node", "/run/node"};
      struct { mode_t type; unsigned major_number, minor_number; } nodes[] = {
          {S_IFBLK, major_number, minor_number}, {S_IFCHR, 1, 1}, {S_IFCHR, 1, 4}, {S_IFBLK, 7, 0}};
      for (int place = 0; place < 4; place++)
        for (int node = 0; node < 4; node++) {
          unlink(places[place]);
          mknod(places[place], nodes[node].type | 0600, makedev(nodes[node].major_number, nodes[node].minor_number));
          if (opens(places[place], O_RDONLY)) leak("device", places[place]);
        }
    }

    static void write_settings(void) {
      static const char *const files[] = {
          "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hostname",
          "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
          "/sys/kernel/uevent_helper", "/sys/kernel/mm/ksm/run", "/sys/fs/cgroup/release_agent",
          "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/rdma/release_agent",
          "/sys/fs/cgroup/cpu/tasks", "/proc/kcore", "/dev/mem", "/dev/kmsg"};
      for (int index = 0; index < sizeof files / sizeof *files; index++)
        if (opens(files[index], O_WRONLY)) leak("setting", files[index]);
      int core = open("/proc/kcore", O_RDONLY);
      if (core >= 0 && read(core, content, 64) > 0) leak("kernel", "/proc/kcore");
    }

    static void mount_something(void) {
      mkdir("/tmp/mounted", 0700);
      if (mount("none", "/tmp/mounted", "tmpfs", 0, 0) == 0) leak("mount", "tmpfs");
      if (mount("/", "/tmp/mounted", 0, MS_BIND | MS_REC, 0) == 0) leak("mount", "bind");
      if (mount("cgroup", "/tmp/mounted", "cgroup", 0, "rdma") == 0) leak("mount", "cgroup");
      if (mount(0, "/proc/sys", 0, MS_REMOUNT | MS_BIND, 0) == 0) leak("mount", "remount");
      if (umount2("/proc/sys", MNT_DETACH) == 0) leak("mount", "umount");
      int outside = open("/proc/1/ns/mnt", O_RDONLY);
      if (outside >= 0 && setns(outside, CLONE_NEWNS) == 0) leak("namespace", "setns");
    }

    int main(int count, char **arguments) {
      setvbuf(stdout, 0, _IONBF, 0);
      file = arguments[1];
      marker = arguments[2];
      for (int descriptor = 3; descriptor < 1024; descriptor++)
        if (fcntl(descriptor, F_GETFD) >= 0) leak("open", "");
      if (holds(file)) leak("file", file);
      symlink(file, "/tmp/link");
      if (holds("/tmp/link")) leak("link", "");
      look_at_processes(arguments[5]);
      change_root_twice(0);
      change_root_twice(1);
      read_devices(atoi(arguments[3]), atoi(arguments[4]));
      write_settings();
      mount_something();
      printf("tried\\n");
      return 0;
    }
    """
}
