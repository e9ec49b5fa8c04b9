#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

struct attributes {
  uint64_t set, clear, propagation, user_namespace;
};

static int mount_on(int target, const char *source, const char *type, uint64_t flags, const char *data) {
  return mount(source, path_of_descriptor(target).text, type, flags, data);
}

/// Flags that a mount has and that must be repeated when it is changed in the old way.
static uint64_t flags_to_keep(int mount_root) {
  static const struct {
    uint64_t status, mount;
  } pairs[] = {{ST_NOSUID, MS_NOSUID}, {ST_NODEV, MS_NODEV}, {ST_NOEXEC, MS_NOEXEC}, {ST_NOATIME, MS_NOATIME},
               {ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME}};
  struct statfs status;
  uint64_t flags = 0;
  if (fstatfs(mount_root, &status) < 0) return 0;
  for (size_t index = 0; index < sizeof pairs / sizeof *pairs; index++)
    if ((uint64_t)status.f_flags & pairs[index].status) flags |= pairs[index].mount;
  return flags;
}

/// Gives a mount, and those below it where the kernel can, more of the flags MS_RDONLY and MS_NODEV.
static int restrict_mount(int mount_root, uint64_t flags) {
  struct attributes attributes = {.set = (flags & MS_RDONLY ? 1 : 0) | (flags & MS_NODEV ? 4 : 0)};
  long result = syscall(
      SYS_mount_setattr, mount_root, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes);
  // The filters of container engines answer either to calls that are newer than they are.
  if (result == 0 || (errno != ENOSYS && errno != EPERM)) return (int)result;
  return mount_on(mount_root, NULL, NULL, MS_REMOUNT | MS_BIND | flags | flags_to_keep(mount_root), NULL);
}

/// What was mounted at `path` covers what a descriptor that was opened before means, so it is opened again.
static int reopen_restricted(struct child *child, const char *path, uint64_t flags) {
  int top = child_open_target(child, path, TARGET_EXISTING);
  if (top < 0) return -1;
  int result = restrict_mount(top, flags);
  if (result < 0) child_failed(child, "mount_setattr");
  close(top);
  return result;
}

/// "mode=0755", and what is asked for beside it.
static const char *options_with_mode(mode_t mode, const char *others) {
  static char options[256] = "mode=";
  char *end = options + strlen("mode=");
  for (int shift = 9; shift >= 0; shift -= 3) *end++ = '0' + (mode >> shift & 7);
  *end = 0;
  if (others) strncat(strcat(options, ","), others, sizeof options - 16);
  return options;
}

int child_mount(struct child *child, const struct csandbox_op *op) {
  const char *options = op->data;
  struct stat status;
  int target = op->flags & CSANDBOX_KEEP_MODE ? child_open_target(child, op->target, TARGET_EXISTING) : -1;
  if (target >= 0 && fstat(target, &status) == 0) options = options_with_mode(status.st_mode, op->data);
  if (target < 0) target = child_open_target(child, op->target, TARGET_FOLDER);
  if (target < 0) return -1;
  int result = mount_on(target, op->source, op->source, op->number, options);
  if (result < 0) child_failed(child, "mount");
  close(target);
  return result;
}

/// Shows an open file or folder at a path in the root.
static int bind_descriptor(struct child *child, int source, const struct csandbox_op *op) {
  struct stat status;
  if (fstat(source, &status) < 0) return child_failed(child, "fstat");
  int target = child_open_target(child, op->target, S_ISDIR(status.st_mode) ? TARGET_FOLDER : TARGET_FILE);
  if (target < 0) return -1;
  int result = mount_on(target, path_of_descriptor(source).text, NULL, MS_BIND | MS_REC, NULL);
  if (result < 0) child_failed(child, "mount");
  close(target);
  uint64_t flags = (op->flags & CSANDBOX_READ_ONLY ? MS_RDONLY : 0) | (op->flags & CSANDBOX_DEVICE ? 0 : MS_NODEV);
  if (result == 0 && flags) result = reopen_restricted(child, op->target, flags);
  return result;
}

int child_bind(struct child *child, const struct csandbox_op *op) {
  int source = open(op->source, O_PATH | O_CLOEXEC);
  if (source < 0) return child_failed(child, "open");
  int result = bind_descriptor(child, source, op);
  close(source);
  return result;
}

int child_bind_layers(struct child *child, const struct csandbox_op *op) {
  int source = child_open_joined(child, op->source, op->number == 1);
  if (source < 0) return -1;
  int result = bind_descriptor(child, source, op);
  close(source);
  return result;
}

static int write_all(int file, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(file, bytes, size);
    if (written < 0) return -1;
    bytes += written;
    size -= written;
  }
  return 0;
}

int child_content(struct child *child, const struct csandbox_op *op) {
  char name[16];
  name[write_decimal(name, child->content_files++)] = 0;
  int file = openat(child->scratch, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return child_failed(child, "openat");
  int result = write_all(file, op->bytes, op->size);
  if (result < 0) child_failed(child, "write");
  if (result == 0 && (op->uid != 0 || op->gid != 0) && (result = fchown(file, op->uid, op->gid)) < 0)
    child_failed(child, "fchown");
  if (result == 0 && (result = fchmod(file, op->number)) < 0) child_failed(child, "fchmod");
  if (result == 0) result = bind_descriptor(child, file, op);
  close(file);
  return result;
}

int child_symlink(struct child *child, const struct csandbox_op *op) {
  const char *name;
  int parent = child_open_parent(child, op->target, &name);
  if (parent < 0) return -1;
  int result = symlinkat(op->data, parent, name);
  if (result < 0) child_failed(child, "symlinkat");
  close(parent);
  return result;
}

/// -1 with ENOENT is success: there is nothing to hide or to protect.
static int open_if_exists(struct child *child, const char *path, int *target) {
  *target = child_open_target(child, path, TARGET_EXISTING);
  if (*target >= 0) return 1;
  return child->error == ENOENT || child->error == ENOTDIR ? 0 : -1;
}

int child_mask(struct child *child, const struct csandbox_op *op) {
  int target;
  int found = open_if_exists(child, op->target, &target);
  if (found <= 0) return found;
  struct stat status;
  int result = fstat(target, &status);
  if (result == 0 && S_ISDIR(status.st_mode)) result = mount_on(target, "tmpfs", "tmpfs", MS_RDONLY, "size=0k");
  else if (result == 0) result = mount_on(target, "/dev/null", NULL, MS_BIND, NULL);
  if (result < 0) child_failed(child, "mount");
  close(target);
  return result;
}

int child_read_only_path(struct child *child, const struct csandbox_op *op) {
  int target;
  int found = open_if_exists(child, op->target, &target);
  if (found <= 0) return found;
  int result = mount_on(target, path_of_descriptor(target).text, NULL, MS_BIND | MS_REC, NULL);
  if (result < 0) child_failed(child, "mount");
  close(target);
  return result < 0 ? result : reopen_restricted(child, op->target, MS_RDONLY);
}

int child_enter_root(struct child *child) {
  if (fchdir(child->root) < 0) return child_failed(child, "fchdir");
  if (syscall(SYS_pivot_root, ".", ".") == 0) {
    // The old root lies on the new one now.
    if (umount2(".", MNT_DETACH) < 0) return child_failed(child, "umount2");
  } else {
    // Refused on an initramfs and by the seccomp filter of container engines: cover the old root instead.
    child_failed(child, "pivot_root");
    if (mount(".", "/", NULL, MS_MOVE, NULL) < 0) return -1;
    if (chroot(".") < 0) return child_failed(child, "chroot");
  }
  return chdir("/") < 0 ? child_failed(child, "chdir") : 0;
}
