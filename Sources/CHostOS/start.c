#define _GNU_SOURCE
#include "CHostOS.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc's own functions would change the ids of all threads of the parent, whose memory this shares.
static int become(const struct hostos_command *command) {
  if (!command->changes_user) return 0;
  if (syscall(SYS_setgroups, command->group_count, command->groups) < 0) return errno;
  if (syscall(SYS_setresgid, command->group, command->group, command->group) < 0) return errno;
  if (syscall(SYS_setresuid, command->user, command->user, command->user) < 0) return errno;
  return 0;
}

static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) (void)sigaction(number, &action, NULL);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

// Runs in the memory of the parent, which waits: system calls only.
static void become_program(const struct hostos_command *command, int input, volatile int *failure) {
  int result;
  (void)setsid();
  reset_signals();
  if (dup2(input, 0) < 0 || dup2(command->output, 1) < 0 || dup2(command->error_output, 2) < 0) goto failed;
  (void)syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
  if (chdir(command->directory) < 0) goto failed;
  result = become(command);
  if (result != 0) {
    *failure = result;
    _exit(127);
  }
  execve(command->path, command->arguments, command->environment);
failed:
  *failure = errno;
  _exit(127);
}

int hostos_start(const struct hostos_command *command, int32_t *pid, int32_t *pidfd) {
  volatile int failure = 0;
  int nothing = command->input < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
  int input = command->input < 0 ? nothing : command->input;
  if (input < 0) return errno;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t child = vfork();
  if (child == 0) become_program(command, input, &failure);
  int error = child < 0 ? errno : failure;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (nothing >= 0) close(nothing);
  if (child < 0) return error;
  if (error != 0) {
    int status;
    (void)hostos_reap(child, &status);
    return error;
  }
  long descriptor = syscall(SYS_pidfd_open, child, 0);
  if (descriptor < 0) {
    error = errno;
    (void)kill(-child, SIGKILL);
    int status;
    (void)hostos_reap(child, &status);
    return error;
  }
  *pid = child;
  *pidfd = (int32_t)descriptor;
  return 0;
}

int hostos_reap(int32_t pid, int32_t *status) {
  int value = 0;
  while (waitpid(pid, &value, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  *status = value;
  return 0;
}
