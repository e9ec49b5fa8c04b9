// Filters of system calls (seccomp(2)).
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int child_filter(struct child *child, const struct csandbox_op *op) {
  if (op->count > BPF_MAXINSNS) {
    errno = E2BIG;
    return child_failed(child, "seccomp");
  }
  struct sock_fprog program = {.len = (unsigned short)op->count, .filter = (struct sock_filter *)op->bytes};
  // Without the flag, kernels before 5.16 slow down a program that has a filter.
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
  return result < 0 ? child_failed(child, "seccomp") : 0;
}

int csandbox_has_filters(void) {
  uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int csandbox_is_filtered(void) { return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER; }

int csandbox_has_no_new_privileges(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }
