// Filters of system calls, and how a listener of one comes to the caller.
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

const uint64_t csandbox_FILTER_SPECULATIVE = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
const uint64_t csandbox_FILTER_LISTENER = SECCOMP_FILTER_FLAG_NEW_LISTENER;
const uint64_t csandbox_FILTER_WAIT_KILLABLE = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

/// Room for one descriptor, aligned as a header of ancillary data wants it.
union ancillary {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

int child_send_descriptor(int socket, int descriptor) {
  char byte = 0;
  union ancillary ancillary;
  memset(&ancillary, 0, sizeof ancillary);
  struct iovec content = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &content, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int child_filter(struct child *child, const struct csandbox_op *op) {
  if (op->count > BPF_MAXINSNS) {
    errno = E2BIG;
    return child_failed(child, "seccomp");
  }
  struct sock_fprog program = {.len = (unsigned short)op->count, .filter = (struct sock_filter *)op->bytes};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (unsigned long)op->number, &program);
  if (result < 0) return child_failed(child, "seccomp");
  if (!(op->number & SECCOMP_FILTER_FLAG_NEW_LISTENER)) return 0;
  int sent = child_send_descriptor(LISTENERS_DESCRIPTOR, (int)result);
  if (sent < 0) child_failed(child, "sendmsg");
  close((int)result);
  return sent;
}

int csandbox_receive_descriptor(int32_t socket, int32_t *descriptor) {
  char byte;
  union ancillary ancillary;
  struct iovec content = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &content, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary};
  ssize_t size;
  while ((size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0)
    if (errno != EINTR) return errno;
  struct cmsghdr *header = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (!header || header->cmsg_type != SCM_RIGHTS) return EPIPE;
  memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
  return 0;
}

int csandbox_has_filters(void) {
  uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int csandbox_is_filtered(void) { return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER; }

int csandbox_has_no_new_privileges(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }
