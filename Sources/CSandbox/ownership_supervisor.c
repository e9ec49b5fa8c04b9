// Process 1 of a sandbox whose owners are recorded: it reaps, and answers for the kernel.
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum { SUPERVISOR_FAILED = 125, SYNCHRONOUS_WAKE_UP = 1 };

/// As large as the kernel's structures may become.
union request {
  struct seccomp_notif notification;
  char room[512];
};

static struct answer answer_to(const struct call *call) {
  switch (call->number) {
  case SYS_fchown:
  case SYS_fchownat:
#ifdef SYS_chown
  case SYS_chown:
  case SYS_lchown:
#endif
    return chown_answer(call);
  case SYS_newfstatat:
  case SYS_fstat:
  case SYS_statx:
#ifdef SYS_stat
  case SYS_stat:
  case SYS_lstat:
#endif
    return stat_answer(call);
  case SYS_listxattr:
  case SYS_llistxattr:
  case SYS_flistxattr: return list_answer(call);
  case SYS_execve:
  case SYS_execveat: return execution_answer(call);
  case SYS_openat:
  case SYS_openat2:
  case SYS_mkdirat:
  case SYS_mknodat:
  case SYS_symlinkat:
#ifdef SYS_open
  case SYS_open:
  case SYS_creat:
  case SYS_mkdir:
  case SYS_mknod:
  case SYS_symlink:
#endif
    return creation_answer(call);
  default: return identity_answer(call);
  }
}

static void serve(struct call *call) {
  static union request request;
  static union {
    struct seccomp_notif_resp response;
    char room[512];
  } reply;
  memset(&request, 0, sizeof request);
  // Whoever asked may have been killed meanwhile.
  if (ioctl(call->listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) return;
  call->id = request.notification.id;
  call->process = (pid_t)request.notification.pid;
  call->number = request.notification.data.nr;
  call->arguments = (const uint64_t *)request.notification.data.args;
  struct answer answer = answer_to(call);
  if (answer.kind == ANSWER_SENT) return;
  memset(&reply, 0, sizeof reply);
  reply.response.id = call->id;
  if (answer.kind == ANSWER_VALUE) reply.response.val = answer.value;
  if (answer.kind == ANSWER_ERROR) reply.response.error = -(int)answer.value;
  if (answer.kind == ANSWER_KERNEL) reply.response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int child_check_proc(struct child *child) {
  char text[16] = {0};
  if (readlink("/proc/self", text, sizeof text - 1) >= 0 && strcmp(text, "1") == 0) return 0;
  errno = EREMOTE;
  return child_failed(child, "readlink(/proc/self)");
}

/// -1 when the command ended before it had one.
static int receive_listener(int socket) {
  char byte;
  int listener, count = 1;
  child_receive(socket, &byte, 1, &listener, &count);
  close(socket);
  return count == 1 ? listener : -1;
}

/// Whether the command has ended, which is told then.
static int reap(pid_t command) {
  int status;
  pid_t ended;
  while ((ended = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
    if (ended != command) continue;
    child_tell(CSANDBOX_FINISHED, status, 0, 0, "");
    return 1;
  }
  return 0;
}

void child_keep_owners(int socket, pid_t command) {
  struct call call = {.owners = shared_owners, .listener = receive_listener(socket)};
  struct stat root;
  if (stat("/", &root) == 0) call.root_device = root.st_dev;
  // Saves most of the time that two processes take to change over; older kernels do without.
  if (call.listener >= 0) ioctl(call.listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNCHRONOUS_WAKE_UP);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, NULL);
  struct pollfd events[2] = {
      {.fd = call.listener, .events = POLLIN}, {.fd = signalfd(-1, &children, SFD_CLOEXEC), .events = POLLIN}};
  if (events[1].fd < 0) _exit(SUPERVISOR_FAILED);
  while (!reap(command)) {
    int count;
    do {
      count = poll(events, 2, -1);
      if (count < 0 && errno != EINTR) _exit(SUPERVISOR_FAILED);
      if (events[0].revents & POLLIN) serve(&call);
      // Nobody is left who could ask.
      else if (events[0].revents) events[0].fd = -1;
    } while (!(events[1].revents & POLLIN));
    struct signalfd_siginfo information;
    if (read(events[1].fd, &information, sizeof information) < 0 && errno != EINTR) _exit(SUPERVISOR_FAILED);
  }
  _exit(0);
}
