// What Swift's Glibc module does not import.
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int csandbox_birth_time(const char *path, int64_t *seconds, uint32_t *nanoseconds) {
  struct statx status;
  if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) < 0 || !(status.stx_mask & STATX_BTIME))
    return 0;
  *seconds = status.stx_btime.tv_sec;
  *nanoseconds = status.stx_btime.tv_nsec;
  return 1;
}

static int copy_by_hand(int32_t from, int32_t to) {
  static _Thread_local char buffer[64 << 10];
  ssize_t size;
  while ((size = read(from, buffer, sizeof buffer)) != 0) {
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    for (ssize_t done = 0; done < size;) {
      ssize_t written = write(to, buffer + done, size - done);
      if (written < 0 && errno != EINTR) return errno;
      if (written > 0) done += written;
    }
  }
  return 0;
}

int csandbox_copy_content(int32_t from, int32_t to) {
  for (;;) {
    ssize_t size = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
    if (size == 0) return 0;
    if (size > 0 || errno == EINTR) continue;
    // Between file systems, and on those that cannot share. What was copied before stays: both offsets moved on.
    if (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)
      return copy_by_hand(from, to);
    return errno;
  }
}

int csandbox_exchange(const char *first, const char *second) {
  return renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) < 0 ? errno : 0;
}
