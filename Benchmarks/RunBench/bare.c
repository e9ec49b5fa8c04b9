// What it costs to run a program in new namespaces on an overlay, at the least: clone, mount, pivot_root, execve, wait.
//
//   bare [--container] ROOT SCRATCH COUNT PROGRAM [ARGUMENT …]
//
// Runs PROGRAM COUNT times on the lower folder ROOT, with changes in SCRATCH, and prints the microseconds of each run.
// With --container it mounts, hides and drops what containers have mounted, hidden and dropped, and has an init.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK_SIZE = 64 << 10 };

static int is_container;

struct job {
  const char *merged;
  const char *options;
  char **command;
};

static void check(long result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static int exists(const char *path) { return access(path, F_OK) == 0; }

static void show(const char *source, const char *target) {
  close(open(target, O_CREAT | O_WRONLY, 0644));
  check(mount(source, target, NULL, MS_BIND, NULL), target);
}

/// Below the working folder.
static void mount_container(void) {
  static const char *devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
  static const char *hidden_files[] = {"interrupts", "kcore", "keys", "latency_stats", "sched_debug", "timer_list"};
  static const char *hidden_folders[] = {"proc/acpi", "proc/asound", "proc/scsi", "sys/firmware",
                                         "sys/devices/virtual/powercap"};
  static const char *protected[] = {"bus", "fs", "irq", "sys", "sysrq-trigger"};
  char source[64], target[64];
  check(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=65536k"), "dev");
  for (size_t index = 0; index < sizeof devices / sizeof *devices; index++) {
    snprintf(source, sizeof source, "/dev/%s", devices[index]);
    snprintf(target, sizeof target, "dev/%s", devices[index]);
    show(source, target);
  }
  check(mkdir("dev/pts", 0755) | mkdir("dev/shm", 0755) | mkdir("dev/mqueue", 0755), "mkdir");
  check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,gid=5"), "devpts");
  check(mount("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m"), "shm");
  check(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mqueue");
  check(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL), "sysfs");
  for (size_t index = 0; index < sizeof hidden_files / sizeof *hidden_files; index++) {
    snprintf(target, sizeof target, "proc/%s", hidden_files[index]);
    if (exists(target)) check(mount("/dev/null", target, NULL, MS_BIND, NULL), target);
  }
  for (size_t index = 0; index < sizeof hidden_folders / sizeof *hidden_folders; index++)
    if (exists(hidden_folders[index]))
      check(mount("tmpfs", hidden_folders[index], "tmpfs", MS_RDONLY, "size=0k"), hidden_folders[index]);
  for (size_t index = 0; index < sizeof protected / sizeof *protected; index++) {
    snprintf(target, sizeof target, "proc/%s", protected[index]);
    if (!exists(target)) continue;
    check(mount(target, target, NULL, MS_BIND | MS_REC, NULL), target);
    check(mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), target);
  }
}

static int command(void *argument) {
  const struct job *job = argument;
  for (int capability = 0; capability < 41; capability++) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  execv(job->command[0], job->command);
  _exit(125);
}

/// Waits for the command, as process 1.
static int wait_as_init(const struct job *job) {
  static char stack[STACK_SIZE] __attribute__((aligned(16)));
  int status;
  check(clone(command, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)job), "clone");
  check(wait(&status), "wait");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

static int child(void *argument) {
  const struct job *job = argument;
  check(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), "private mounts");
  check(mount("overlay", job->merged, "overlay", 0, job->options), "mount overlay");
  check(chdir(job->merged), "chdir");
  check(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount proc");
  if (is_container) mount_container();
  check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(umount2(".", MNT_DETACH), "umount");
  if (is_container) return wait_as_init(job);
  check(execv(job->command[0], job->command), job->command[0]);
  return 125;
}

static char *path_in(const char *folder, const char *name, int number) {
  char *path;
  check(asprintf(&path, "%s/%s-%d", folder, name, number), "asprintf");
  return path;
}

static int64_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void run(const char *root, const char *scratch, int number, char **command) {
  static char stack[STACK_SIZE] __attribute__((aligned(16)));
  char *upper = path_in(scratch, "upper", number), *work = path_in(scratch, "work", number);
  struct job job = {.merged = path_in(scratch, "merged", number), .command = command};
  char *options;
  int64_t start = microseconds();
  check(mkdir(upper, 0755), upper);
  check(mkdir(work, 0755), work);
  check(mkdir(job.merged, 0755), job.merged);
  check(asprintf(&options, "lowerdir=%s,upperdir=%s,workdir=%s", root, upper, work), "asprintf");
  job.options = options;
  int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD;
  pid_t process = clone(child, stack + STACK_SIZE, flags, &job);
  check(process, "clone");
  int status;
  check(waitpid(process, &status, 0), "waitpid");
  printf("%lld\n", (long long)(microseconds() - start));
  if (status != 0) exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "--container") == 0) {
    is_container = 1;
    count--;
    arguments++;
  }
  if (count < 5) {
    fprintf(stderr, "usage: bare [--container] ROOT SCRATCH COUNT PROGRAM [ARGUMENT …]\n");
    return 2;
  }
  int runs = atoi(arguments[3]);
  for (int number = 0; number < runs; number++) run(arguments[1], arguments[2], number, arguments + 4);
  return 0;
}
