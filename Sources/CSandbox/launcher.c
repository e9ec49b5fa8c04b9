// The process that starts commands. It is copied from the caller once and lets go of what it got then, so that a command
// costs no copy of the caller's memory, and process 1 of a sandbox holds none of it.
//
// A command's process 1 shares the launcher's memory, which waits meanwhile as vfork(2) does: one command at a time.
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum {
  SOCKET = 0,
  /// Of the launcher itself.
  PROCESS = 1,
  /// Tells when the mounts have changed that a child began with (proc_pid_mountinfo(5)).
  MOUNTS = 2,
  INIT_STACK_SIZE = 256 << 10,
  /// Smaller mappings stay: the dynamic linker's notes are in some.
  LARGE_MAPPING = 1 << 20,
};

/// A hexadecimal number, moving behind it and the character that follows.
static uintptr_t take_address(const char **text) {
  uintptr_t value = 0;
  for (; (**text >= '0' && **text <= '9') || (**text >= 'a' && **text <= 'f'); (*text)++)
    value = value << 4 | (uintptr_t)(**text <= '9' ? **text - '0' : **text - 'a' + 10);
  (*text)++;
  return value;
}

static int holds(uintptr_t start, uintptr_t end, const void *address) {
  return (uintptr_t)address >= start && (uintptr_t)address < end;
}

/// Lets go of one line of /proc/self/maps when it is the caller's: heaps, stacks, arguments and environment.
static void forget_mapping(const char *line) {
  static char marker;
  const char *text = line;
  uintptr_t start = take_address(&text), end = take_address(&text);
  int is_private = text[3] == 'p';
  // Behind the offset and the device is the inode, 0 where no file is mapped.
  text += strlen("rwxp ");
  take_address(&text);
  text = strchr(text, ' ');
  int is_file = !text || text[1] != '0';
  const char *name = text ? strchr(text, '[') : NULL;
  int is_arguments = name && strncmp(name, "[stack]", 7) == 0;
  if (!is_private || is_file || (name && strncmp(name, "[v", 2) == 0)) return;
  if (end - start < LARGE_MAPPING && !is_arguments) return;
  // Our own stack, and our variables.
  if (holds(start, end, &text) || holds(start, end, &marker)) return;
  munmap((void *)start, end - start);
}

static void forget_memory(void) {
  static char text[16 << 10];
  size_t length = 0;
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return;
  ssize_t size;
  while ((size = read(maps, text + length, sizeof text - 1 - length)) > 0) {
    length += (size_t)size;
    text[length] = 0;
    char *line = text, *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
      *end = 0;
      forget_mapping(line);
    }
    length = strlen(line);
    memmove(text, line, length);
  }
  close(maps);
}

static int arrange_descriptors(int socket) {
  int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (process < 0) return -1;
  int wanted[] = {fcntl(socket, F_DUPFD_CLOEXEC, 16), fcntl(process, F_DUPFD_CLOEXEC, 16)};
  if (wanted[0] < 0 || wanted[1] < 0) return -1;
  if (dup3(wanted[0], SOCKET, O_CLOEXEC) < 0 || dup3(wanted[1], PROCESS, O_CLOEXEC) < 0) return -1;
  close_from(MOUNTS);
  // Without it no child is made before it is wanted.
  open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  return 0;
}

/// Whether mounts have come or gone since this was asked last, or cannot be watched.
static int mounts_have_changed(void) {
  struct pollfd mounts = {.fd = MOUNTS, .events = POLLPRI};
  return poll(&mounts, 1, 0) != 0;
}

/// Whether the child has taken what was sent; the launcher, whose memory it is, has none of the descriptors.
static int is_taken;

/// Waits for what is to be done, which the child takes, with its descriptors; 0 when there will be nothing.
static const struct csandbox_plan *next_plan(void) {
  const struct csandbox_plan *plan;
  ssize_t size;
  while ((size = recv(SOCKET, &plan, sizeof plan, MSG_PEEK)) < 0 && errno == EINTR) {}
  return size == sizeof plan ? plan : NULL;
}

/// What a child is made with.
struct birth {
  uint64_t namespaces;
  /// Whether there is nothing to do yet.
  int is_early;
};

/// The beginning of a child: waits for what is sent, takes it, and tells of itself. One that was made early leaves what
/// wants other namespaces, or mounts that it cannot see.
static int start(void *argument) {
  static struct csandbox_plan plan;
  const struct birth *birth = argument;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // The notice is of use only if the launcher was alive when it was asked for.
  struct pollfd launcher = {.fd = PROCESS, .events = POLLIN};
  if (poll(&launcher, 1, 0) != 0) _exit(1);
  const struct csandbox_plan *shared = next_plan();
  if (!shared || (birth->is_early && (shared->namespaces != birth->namespaces || mounts_have_changed()))) _exit(0);
  int descriptors[PLAN_DESCRIPTORS], count = PLAN_DESCRIPTORS;
  if (child_receive(SOCKET, &shared, sizeof shared, descriptors, &count) != sizeof shared) _exit(1);
  is_taken = 1;
  int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
  int32_t error = process < 0 ? errno : count < PLAN_DESCRIPTORS - 1 ? EMFILE : 0;
  if (!error && count == PLAN_DESCRIPTORS && child_map_owners(descriptors[4]) < 0) error = errno;
  if (child_send(SOCKET, &error, sizeof error, &process, error ? 0 : 1) < 0 || error) _exit(1);
  plan = *shared;
  plan.input = descriptors[0];
  plan.output = descriptors[1];
  plan.error_output = descriptors[2];
  plan.status = descriptors[3];
  child_main(&plan);
}

/// Says that nothing was started, and why.
static void refuse(int32_t error) {
  char bytes[sizeof(void *)];
  int count = 0;
  child_receive(SOCKET, bytes, sizeof bytes, NULL, &count);
  child_send(SOCKET, &error, sizeof error, NULL, 0);
}

/// Has a child made, and waits for its end. False when it has taken nothing.
static int launch(struct birth birth, int32_t *error) {
  static char stack[INIT_STACK_SIZE] __attribute__((aligned(16)));
  is_taken = 0;
  // The last command has taken it away.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  pid_t process = clone(start, stack + sizeof stack, (int)birth.namespaces | CLONE_VM | CLONE_VFORK, &birth);
  *error = process < 0 ? errno : ECHILD;
  while (process > 0 && waitpid(process, NULL, __WALL) < 0 && errno == EINTR) {}
  child_forget_owners();
  return is_taken;
}

void launcher_main(int socket, pid_t caller, uint64_t capabilities) {
  reset_signals();
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != caller || arrange_descriptors(socket) < 0) _exit(1);
  prctl(PR_SET_NAME, "launcher", 0, 0, 0);
  // Once for all commands. Where it is refused, each is told so.
  drop_from_bounding_set(capabilities);
  forget_memory();
  const struct csandbox_plan *plan;
  while ((plan = next_plan())) {
    struct birth birth = {.namespaces = plan->namespaces};
    int32_t error;
    if (!launch(birth, &error)) {
      refuse(error);
      continue;
    }
    // The next command most likely wants the same, and finds a child that waits for it.
    birth.is_early = 1;
    mounts_have_changed();
    while (!mounts_have_changed() && launch(birth, &error)) mounts_have_changed();
  }
  _exit(0);
}
