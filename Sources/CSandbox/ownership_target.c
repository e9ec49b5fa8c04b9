// Looking at a process that waits for its answer.
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, PROC_TEXT = 64 };

/// "/proc/PID" and what follows.
static void proc_path(char text[PROC_TEXT], const struct call *call, const char *rest) {
  strcpy(text, "/proc/");
  size_t length = 6 + write_decimal(text + 6, (uint32_t)call->process);
  strncpy(text + length, rest, PROC_TEXT - length - 1);
  text[PROC_TEXT - 1] = 0;
}

/// Where the host's filter keeps process_vm_readv(2) from us, there is the file.
static ssize_t through_file(const struct call *call, uint64_t address, void *buffer, size_t size, int writes) {
  char path[PROC_TEXT];
  proc_path(path, call, "/mem");
  int memory = open(path, (writes ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
  if (memory < 0) return -1;
  ssize_t count =
      writes ? pwrite(memory, buffer, size, (off_t)address) : pread(memory, buffer, size, (off_t)address);
  int error = errno;
  close(memory);
  errno = error;
  return count;
}

ssize_t target_read(const struct call *call, uint64_t address, void *buffer, size_t size) {
  struct iovec local = {.iov_base = buffer, .iov_len = size};
  // What lies behind the end of a page may not be there.
  size_t first = PAGE - address % PAGE;
  if (first > size) first = size;
  struct iovec remote[2] = {
      {.iov_base = (void *)address, .iov_len = first},
      {.iov_base = (void *)(address + first), .iov_len = size - first}};
  ssize_t count = process_vm_readv(call->process, &local, 1, remote, first < size ? 2 : 1, 0);
  return count < 0 && errno != EFAULT ? through_file(call, address, buffer, size, 0) : count;
}

int target_write(const struct call *call, uint64_t address, const void *buffer, size_t size) {
  struct iovec local = {.iov_base = (void *)buffer, .iov_len = size};
  struct iovec remote = {.iov_base = (void *)address, .iov_len = size};
  ssize_t count = process_vm_writev(call->process, &local, 1, &remote, 1, 0);
  if (count < 0 && errno != EFAULT) count = through_file(call, address, (void *)buffer, size, 1);
  if (count == (ssize_t)size) return 0;
  if (count >= 0) errno = EFAULT;
  return -1;
}

int target_path(const struct call *call, uint64_t address, char *path) {
  // Most paths are short.
  ssize_t length = target_read(call, address, path, 256);
  if (length == 256 && !memchr(path, 0, 256)) length = target_read(call, address, path, PATH_MAX);
  if (length >= 0 && memchr(path, 0, (size_t)length)) return 0;
  if (length >= 0) errno = length == PATH_MAX ? ENAMETOOLONG : EFAULT;
  return -1;
}

int target_waits(const struct call *call) {
  return ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

mode_t target_umask(const struct call *call) {
  static char text[1024];
  proc_path(text, call, "/status");
  int file = open(text, O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[length < 0 ? 0 : length] = 0;
  const char *line = strstr(text, "\nUmask:\t");
  if (!line) return 022;
  mode_t mask = 0;
  for (line += 8; *line >= '0' && *line <= '7'; line++) mask = mask * 8 + (mode_t)(*line - '0');
  return mask;
}

/// The descriptor that a path by way of /proc/self names: there, we would find our own. `rest` is what follows; -1 when
/// the path names none.
static int own_descriptor(const char *path, int follows, const char **rest) {
  static const char *const folders[] = {"/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"};
  static const char *const links[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
  *rest = "";
  for (int number = 0; number < 3; number++)
    if (follows && strcmp(path, links[number]) == 0) return number;
  for (int index = 0; index < 3; index++) {
    size_t length = strlen(folders[index]);
    if (strncmp(path, folders[index], length) != 0) continue;
    const char *digit = path + length;
    int number = 0;
    for (; *digit >= '0' && *digit <= '9' && number < 1 << 24; digit++) number = number * 10 + *digit - '0';
    int is_link = *digit == 0 && !follows;
    if (digit == path + length || (*digit && *digit != '/') || is_link) return -1;
    *rest = digit + strspn(digit, "/");
    return number;
  }
  return -1;
}

/// Links of /proc that lead to what a process has open are not followed: by way of process 1 they would lead to the
/// program of the caller, which is outside.
static int open_from(int base, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, base, path, &how, sizeof how);
}

static int close_after(int base, int result) {
  int error = errno;
  close(base);
  errno = error;
  return result;
}

static int open_absolute(const struct call *call, const char *path, uint64_t flags) {
  char link[PROC_TEXT], text[2];
  proc_path(link, call, "/root");
  if (readlink(link, text, sizeof text) == 1) return open_from(AT_FDCWD, path, flags, 0);
  // It changed its root.
  int root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root < 0 ? -1 : close_after(root, open_from(root, path, flags, RESOLVE_IN_ROOT));
}

static int open_relative(const struct call *call, int folder, const char *path, uint64_t flags) {
  char link[PROC_TEXT], rest[16] = "/fd/";
  if (folder != AT_FDCWD && folder < 0) {
    errno = EBADF;
    return -1;
  }
  if (folder != AT_FDCWD) rest[4 + write_decimal(rest + 4, (uint32_t)folder)] = 0;
  proc_path(link, call, folder == AT_FDCWD ? "/cwd" : rest);
  int base = open(link, O_PATH | O_CLOEXEC);
  if (base < 0) {
    if (errno == ENOENT && folder != AT_FDCWD) errno = EBADF;
    return -1;
  }
  return *path ? close_after(base, open_from(base, path, flags, 0)) : base;
}

static int open_once(const struct call *call, int folder, const char *path, int follows) {
  uint64_t flags = O_PATH | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW);
  const char *rest;
  int own = own_descriptor(path, follows, &rest);
  if (own >= 0) return open_relative(call, own, rest, flags);
  return *path == '/' ? open_absolute(call, path, flags) : open_relative(call, folder, path, flags);
}

int target_open(const struct call *call, int folder, const char *path, int follows, struct stat *status) {
  static char text[PATH_MAX];
  const char *rest;
  int is_own = own_descriptor(path, follows, &rest) >= 0;
  int file = open_once(call, folder, path, is_own && follows);
  if (file < 0) return -1;
  if (fstat(file, status) < 0) return close_after(file, -1);
  if (is_own || !follows || !*path || !S_ISLNK(status->st_mode)) return file;
  ssize_t length = readlinkat(file, "", text, sizeof text - 1);
  close(file);
  text[length < 0 ? 0 : length] = 0;
  // Where a link says /dev/stdout, only its text tells whose.
  file = open_once(call, folder, own_descriptor(text, 1, &rest) >= 0 ? text : path, 1);
  if (file < 0) return -1;
  return fstat(file, status) < 0 ? close_after(file, -1) : file;
}
