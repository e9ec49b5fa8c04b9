#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { SET_UP_FAILED = 125, JOIN_SESSION_KEYRING = 1, COMMAND_STACK_SIZE = 64 << 10 };

static void give_up(struct child *child) {
  static char text[DETAIL_SIZE + 64];
  strncpy(text, child->call, 63);
  strcat(text, "\n");
  strncat(text, child->detail, DETAIL_SIZE - 1);
  child_tell(CSANDBOX_REFUSED, child->error, child->op, 0, text);
  _exit(SET_UP_FAILED);
}

void close_from(int first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  long limit = sysconf(_SC_OPEN_MAX);
  for (int descriptor = first; descriptor < (limit > 0 && limit < 65536 ? limit : 65536); descriptor++)
    close(descriptor);
}

/// Leaves nothing open but the three standard descriptors and the status pipe. This process does not execute another
/// program, so what it inherited (locks, ends of other commands' pipes) would stay open otherwise.
static int arrange_descriptors(const struct csandbox_plan *plan) {
  int wanted[] = {plan->input, plan->output, plan->error_output, plan->status};
  int count = sizeof wanted / sizeof *wanted;
  for (int index = 0; index < count; index++) {
    wanted[index] = fcntl(wanted[index], F_DUPFD_CLOEXEC, 16);
    if (wanted[index] < 0) return -1;
  }
  for (int index = 0; index < count; index++)
    if (dup3(wanted[index], index, index >= STATUS_DESCRIPTOR ? O_CLOEXEC : 0) < 0) return -1;
  close_from(count);
  return 0;
}

/// The kernel's form of struct sigaction; all zero is SIG_DFL on every architecture. The C library's function would
/// leave out the two signals that it uses itself, and those are inherited when they are ignored.
void reset_signals(void) {
  static const char default_action[64];
  for (int number = 1; number < 65; number++) syscall(SYS_rt_sigaction, number, default_action, NULL, 8);
}

static int write_file(struct child *child, const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return child_failed(child, "open");
  ssize_t written = write(file, text, strlen(text));
  if (written < 0) child_failed(child, "write");
  close(file);
  return written < 0 ? -1 : 0;
}

static int map_id(struct child *child, const char *path, uint32_t id) {
  char text[32] = "0 ";
  size_t length = 2 + write_decimal(text + 2, id);
  strcpy(text + length, " 1");
  return write_file(child, path, text);
}

static int map_self(struct child *child, const struct csandbox_op *op) {
  if (write_file(child, "/proc/self/setgroups", "deny") < 0) return -1;
  if (map_id(child, "/proc/self/uid_map", op->uid) < 0) return -1;
  return map_id(child, "/proc/self/gid_map", op->gid);
}

static int loopback_up(struct child *child) {
  int socket_descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_descriptor < 0) return child_failed(child, "socket");
  struct ifreq request = {.ifr_name = "lo"};
  int result = ioctl(socket_descriptor, SIOCGIFFLAGS, &request);
  request.ifr_flags |= IFF_UP;
  if (result == 0) result = ioctl(socket_descriptor, SIOCSIFFLAGS, &request);
  if (result < 0) child_failed(child, "ioctl");
  close(socket_descriptor);
  return result;
}

/// `kept` becomes the descriptor behind the status pipe; -1 for none.
static void close_all_but_status(int kept) {
  for (int descriptor = 0; descriptor < STATUS_DESCRIPTOR; descriptor++) close(descriptor);
  if (kept >= 0 && kept != STATUS_DESCRIPTOR + 1) dup3(kept, STATUS_DESCRIPTOR + 1, O_CLOEXEC);
  close_from(STATUS_DESCRIPTOR + (kept < 0 ? 1 : 2));
}

/// The life of process 1: reap what others leave behind until the command ends. The kernel kills the rest with us.
static void reap_until_end(pid_t command) __attribute__((noreturn));
static void reap_until_end(pid_t command) {
  for (;;) {
    int status;
    pid_t ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno != EINTR) _exit(SET_UP_FAILED);
    if (ended != command) continue;
    child_tell(CSANDBOX_FINISHED, status, 0, 0, "");
    _exit(0);
  }
}

static void work_on(struct child *child);

/// The command's half: what is left of the plan.
static int command_main(void *argument) {
  struct child *child = argument;
  child->op++;
  work_on(child);
  child_tell(CSANDBOX_FINISHED, 0, 0, 0, "");
  _exit(0);
}

static int fork_command(struct child *child, const struct csandbox_op *op) {
  static char stack[COMMAND_STACK_SIZE] __attribute__((aligned(16)));
  // Nobody inside may look into our memory, which is the launcher's.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  int ends[2] = {-1, -1};
  // As vfork(2) does it: no memory is copied, and we wait until the command is executed.
  // Owners are asked for before that.
  int flags = op->kind == CSANDBOX_FORK_OWNERS ? SIGCHLD : CLONE_VM | CLONE_VFORK | SIGCHLD;
  if (op->kind == CSANDBOX_FORK_SUPERVISED && child_become_subreaper(child) < 0) return -1;
  if (op->kind == CSANDBOX_FORK_OWNERS && child_check_proc(child) < 0) return -1;
  if (op->kind == CSANDBOX_FORK_OWNERS && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return child_failed(child, "socketpair");
  child->owners = ends[1];
  pid_t command = clone(command_main, stack + sizeof stack, flags, child);
  if (command < 0) return child_failed(child, "clone");
  close_all_but_status(ends[0]);
  if (op->kind == CSANDBOX_FORK_OWNERS)
    child_keep_owners(STATUS_DESCRIPTOR + 1, command);
  if (op->kind == CSANDBOX_FORK_SUPERVISED) child_supervise(command);
  reap_until_end(command);
}

static int start_session(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  return 0;
}

static int checked(struct child *child, long result, const char *call) {
  return result < 0 ? child_failed(child, call) : 0;
}

static int perform(struct child *child, const struct csandbox_op *op) {
  switch (op->kind) {
  case CSANDBOX_PRIVATE_MOUNTS: return checked(child, mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), "mount");
  case CSANDBOX_MAP_SELF: return map_self(child, op);
  case CSANDBOX_OPEN_LAYERS: return child_open_layers(child, op);
  case CSANDBOX_SCRATCH: return child_scratch(child, op);
  case CSANDBOX_OVERLAY: return child_overlay(child, op);
  case CSANDBOX_MOUNT: return child_mount(child, op);
  case CSANDBOX_BIND: return child_bind(child, op);
  case CSANDBOX_BIND_LAYERS: return child_bind_layers(child, op);
  case CSANDBOX_CONTENT: return child_content(child, op);
  case CSANDBOX_SYMLINK: return child_symlink(child, op);
  case CSANDBOX_MASK: return child_mask(child, op);
  case CSANDBOX_READ_ONLY_PATH: return child_read_only_path(child, op);
  case CSANDBOX_HOST_NAME: return checked(child, sethostname(op->data, strlen(op->data)), "sethostname");
  case CSANDBOX_LOOPBACK: return loopback_up(child);
  case CSANDBOX_SESSION_KEYRING:
    return checked(child, syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL, 0, 0, 0), "keyctl");
  case CSANDBOX_UNSHARE: return checked(child, unshare((int)op->number), "unshare");
  case CSANDBOX_ENTER_ROOT: return child_enter_root(child);
  case CSANDBOX_CHROOT: return checked(child, chroot(op->target), "chroot");
  case CSANDBOX_UMASK: umask((mode_t)op->number); return 0;
  case CSANDBOX_WORKING_DIRECTORY: return checked(child, chdir(op->target), "chdir");
  case CSANDBOX_LIMIT:
    return checked(child, syscall(SYS_prlimit64, 0, (int)op->number, op->bytes, NULL), "prlimit");
  case CSANDBOX_FORK:
  case CSANDBOX_FORK_OWNERS:
  case CSANDBOX_FORK_SUPERVISED: return fork_command(child, op);
  case CSANDBOX_RECORD_OWNERS: return child_record_owners(child);
  case CSANDBOX_DIE_WITH_PARENT: return child_die_with_parent(child);
  case CSANDBOX_SESSION: return start_session();
  case CSANDBOX_TERMINAL: return checked(child, ioctl(0, TIOCSCTTY, 0), "ioctl");
  case CSANDBOX_FILTER: return child_filter(child, op);
  case CSANDBOX_BOUNDING_SET: return checked(child, drop_from_bounding_set(op->number), "prctl(PR_CAPBSET_DROP)");
  case CSANDBOX_CREDENTIALS: return child_credentials(child, op);
  case CSANDBOX_CAPABILITIES: return child_capabilities(child, op->number);
  case CSANDBOX_EXECUTE: return child_execute(child, op);
  }
  errno = ENOSYS;
  return child_failed(child, "perform");
}

/// From the step that the child is at.
static void work_on(struct child *child) {
  const struct csandbox_plan *plan = child->plan;
  for (; child->op < plan->count; child->op++) {
    const struct csandbox_op *op = &plan->ops[child->op];
    child->detail[0] = 0;
    int result = perform(child, op);
    if (op->flags & CSANDBOX_ELSE_NEXT) child->op += result == 0;
    else if (result < 0 && !(op->flags & CSANDBOX_OPTIONAL)) give_up(child);
  }
}

void child_main(const struct csandbox_plan *plan) {
  static struct child child;
  memset(&child, 0, sizeof child);
  child.plan = plan;
  child.root = child.scratch = child.upper = child.work = -1;
  if (arrange_descriptors(plan) < 0) _exit(SET_UP_FAILED);
  prctl(PR_SET_NAME, "init", 0, 0, 0);
  umask(0);
  work_on(&child);
  child_tell(CSANDBOX_FINISHED, 0, 0, 0, "");
  _exit(0);
}
