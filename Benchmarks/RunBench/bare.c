// What it costs to run a program in new namespaces on an overlay, at the least: clone, mount, pivot_root, execve, wait.
//
//   bare ROOT SCRATCH COUNT PROGRAM [ARGUMENT …]
//
// Runs PROGRAM COUNT times on the lower folder ROOT, with changes in SCRATCH, and prints the microseconds of each run.
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK_SIZE = 64 << 10 };

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

static int child(void *argument) {
  const struct job *job = argument;
  check(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), "private mounts");
  check(mount("overlay", job->merged, "overlay", 0, job->options), "mount overlay");
  check(chdir(job->merged), "chdir");
  check(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount proc");
  check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(umount2(".", MNT_DETACH), "umount");
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
  if (count < 5) {
    fprintf(stderr, "usage: bare ROOT SCRATCH COUNT PROGRAM [ARGUMENT …]\n");
    return 2;
  }
  int runs = atoi(arguments[3]);
  for (int number = 0; number < runs; number++) run(arguments[1], arguments[2], number, arguments + 4);
  return 0;
}
