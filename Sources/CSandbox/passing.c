// Descriptors that one process passes to another over a socket (unix(7), SCM_RIGHTS).
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/// Room for descriptors, aligned as a header of ancillary data wants it.
union ancillary {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(PLAN_DESCRIPTORS * sizeof(int))];
};

int child_send(int socket, const void *bytes, size_t size, const int *descriptors, int count) {
  union ancillary ancillary;
  memset(&ancillary, 0, sizeof ancillary);
  struct iovec content = {.iov_base = (void *)bytes, .iov_len = size};
  struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1};
  if (count > 0) {
    message.msg_control = &ancillary;
    message.msg_controllen = CMSG_SPACE(count * sizeof *descriptors);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof *descriptors);
    memcpy(CMSG_DATA(header), descriptors, count * sizeof *descriptors);
  }
  ssize_t sent;
  while ((sent = sendmsg(socket, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR) {}
  return sent < 0 ? -1 : 0;
}

ssize_t child_receive(int socket, void *bytes, size_t size, int *descriptors, int *count) {
  union ancillary ancillary;
  struct iovec content = {.iov_base = bytes, .iov_len = size};
  struct msghdr message = {
      .msg_iov = &content, .msg_iovlen = 1, .msg_control = &ancillary,
      .msg_controllen = CMSG_SPACE(*count * sizeof *descriptors)};
  *count = 0;
  ssize_t received;
  while ((received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {}
  struct cmsghdr *header = received > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (!header || header->cmsg_type != SCM_RIGHTS) return received;
  *count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof *descriptors);
  memcpy(descriptors, CMSG_DATA(header), *count * sizeof *descriptors);
  return received;
}
