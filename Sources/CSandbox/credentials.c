#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int drop_from_bounding_set(uint64_t mask) {
  for (int capability = 0; capability < 64; capability++) {
    if (mask >> capability & 1) continue;
    // To look is cheap, to drop is not.
    int is_there = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    // The kernel knows no more capabilities.
    if (is_there < 0) return 0;
    if (is_there && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return -1;
  }
  return 0;
}

// The C library's own functions would try to change the other threads too, which are not there in a child.
int child_credentials(struct child *child, const struct csandbox_op *op) {
  if (syscall(SYS_setgroups, (size_t)op->count, op->bytes) < 0) {
    // Where only one id is mapped, no group can be set; the ones that stay mean nothing inside.
    if (errno != EPERM || op->count > 0) return child_failed(child, "setgroups");
  }
  if (syscall(SYS_setresgid, op->gid, op->gid, op->gid) < 0) return child_failed(child, "setresgid");
  if (syscall(SYS_setresuid, op->uid, op->uid, op->uid) < 0) return child_failed(child, "setresuid");
  return 0;
}

int child_capabilities(struct child *child, uint64_t mask) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2];
  if (syscall(SYS_capget, &header, sets) < 0) return child_failed(child, "capget");
  for (int word = 0; word < 2; word++) {
    sets[word].permitted &= (uint32_t)(mask >> 32 * word);
    sets[word].effective = sets[word].permitted;
    sets[word].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, sets) < 0) return child_failed(child, "capset");
  return 0;
}

static int is_candidate(const char *path) {
  struct stat status;
  if (stat(path, &status) < 0) return 0;
  if (S_ISREG(status.st_mode) && status.st_mode & 0111) return 1;
  errno = S_ISDIR(status.st_mode) ? EISDIR : EACCES;
  return 0;
}

int child_execute(struct child *child, const struct csandbox_op *op) {
  uint32_t worst = 0;
  int error = ENOENT;
  for (uint32_t index = 0; op->list[index]; index++) {
    if (is_candidate(op->list[index])) {
      execve(op->list[index], (char *const *)op->arguments, (char *const *)op->environment);
      // It was there a moment ago: what is missing is the interpreter, which the caller learns from ELIBACC.
      error = errno == ENOENT ? ELIBACC : errno;
      worst = index;
      break;
    }
    if (errno != ENOENT && errno != ENOTDIR && error == ENOENT) {
      error = errno;
      worst = index;
    }
  }
  child_tell(CSANDBOX_NOT_EXECUTED, error, child->op, worst, "execve");
  _exit(127);
}
