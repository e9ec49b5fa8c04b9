// The end of a command and of all that it started, where there is no process namespace that does it.
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// What getdents64(2) gives.
struct entry {
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

/// A number at the start of a text; 0 when there is none.
static pid_t number_in(const char *text) {
  pid_t number = 0;
  for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (*text - '0');
  return number;
}

/// By the fourth field of /proc/PID/stat, behind a name in parentheses that may hold anything; 0 when it has gone.
static pid_t parent_of(int processes, const char *process) {
  static char path[64], text[1024];
  size_t length = strlen(process);
  if (length > 20) return 0;
  memcpy(path, process, length);
  memcpy(path + length, "/stat", 6);
  int file = openat(processes, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = 0;
  const char *end = strrchr(text, ')');
  return end && strlen(end) > 4 ? number_in(end + 4) : 0;
}

/// A child that is not waited for keeps its number, so nobody else is met.
static void kill_children(pid_t command) {
  static _Alignas(8) char buffer[16 << 10];
  pid_t self = getpid();
  int processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (processes < 0) kill(-command, SIGKILL);
  long size;
  while (processes >= 0 && (size = syscall(SYS_getdents64, processes, buffer, sizeof buffer)) > 0)
    for (long offset = 0; offset < size;) {
      struct entry *entry = (struct entry *)(buffer + offset);
      offset += entry->length;
      pid_t process = number_in(entry->name);
      if (process > 0 && parent_of(processes, entry->name) == self) kill(process, SIGKILL);
    }
  if (processes >= 0) close(processes);
}

/// What a killed process had started becomes ours in turn, until there is nobody left.
static void end_descendants(pid_t command) {
  for (;;) {
    pid_t ended;
    while ((ended = waitpid(-1, NULL, WNOHANG | __WALL)) > 0) {}
    if (ended < 0 && errno == ECHILD) return;
    kill_children(command);
    waitpid(-1, NULL, __WALL);
  }
}

int child_become_subreaper(struct child *child) {
  // Not to end with the process group of the caller. All signals are blocked here.
  setsid();
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) return child_failed(child, "prctl(PR_SET_CHILD_SUBREAPER)");
  // From here on the caller's end must not end us before we have ended the others.
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0) return child_failed(child, "prctl(PR_SET_PDEATHSIG)");
  return 0;
}

int child_die_with_parent(struct child *child) {
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? child_failed(child, "prctl(PR_SET_PDEATHSIG)") : 0;
}

void child_supervise(pid_t command) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  struct pollfd status = {.fd = STATUS_DESCRIPTOR};
  int has_ended = 0, result = 0;
  // A caller that was gone before it could be noticed has closed its end of the pipe.
  int is_asked_to_end = poll(&status, 1, 0) > 0 && status.revents & POLLERR;
  while (!has_ended && !is_asked_to_end) {
    is_asked_to_end = sigwaitinfo(&awaited, NULL) == SIGTERM;
    int value;
    pid_t ended;
    while ((ended = waitpid(-1, &value, WNOHANG | __WALL)) > 0) {
      if (ended != command) continue;
      has_ended = 1;
      result = value;
    }
  }
  end_descendants(command);
  if (has_ended) child_tell(CSANDBOX_FINISHED, result, 0, 0, "");
  _exit(0);
}
