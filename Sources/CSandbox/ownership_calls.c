// System calls about the owners of files that are there.
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/// What a call names: by path or by descriptor.
struct named {
  int folder;
  uint64_t path;
  int has_path;
  int follows;
};

/// Opens it and looks at it; -1 with errno.
static int open_named(const struct call *call, const struct named *named, int flags, struct stat *status) {
  static char path[PATH_MAX];
  path[0] = 0;
  int may_be_empty = !named->has_path || flags & AT_EMPTY_PATH;
  if (named->has_path && !(may_be_empty && named->path == 0) && target_path(call, named->path, path) < 0) return -1;
  if (!*path && !may_be_empty) {
    errno = ENOENT;
    return -1;
  }
  return target_open(call, named->folder, path, named->follows, status);
}

// MARK: chown

static struct answer change_owner(
    const struct call *call, int file, const struct stat *status, uint32_t uid, uint32_t gid) {
  const struct identity *identity = identity_of(call);
  uint32_t old_uid, old_gid;
  owner_read(call, file, status, &old_uid, &old_gid);
  if (!identity_may(call, identity, FOR_FILES, CAP_CHOWN)) {
    int keeps_user = uid == UINT32_MAX || uid == old_uid;
    int keeps_group = gid == UINT32_MAX || gid == old_gid || identity_has_group(identity, gid);
    if (identity->user[FOR_FILES] != old_uid || !keeps_user || !keeps_group) return answer_error(EPERM);
  }
  if (!target_waits(call)) return answer_sent();
  // The kernel does what it always does: it sets the time of change, and takes set-user-id and capabilities away.
  if (fchownat(file, "", (uid_t)-1, (gid_t)-1, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) return answer_error(errno);
  if (uid == UINT32_MAX) uid = old_uid;
  if (gid == UINT32_MAX) gid = old_gid;
  if (uid == old_uid && gid == old_gid) return answer_value(0);
  return owner_write(call, file, status, uid, gid) < 0 ? answer_error(errno) : answer_value(0);
}

struct answer chown_answer(const struct call *call) {
  const uint64_t *arguments = call->arguments;
  struct named named = {.folder = AT_FDCWD, .path = arguments[0], .has_path = 1, .follows = 1};
  int flags = 0, owner = 1;
  if (call->number == SYS_fchown) {
    named = (struct named){.folder = (int)arguments[0]};
  } else if (call->number == SYS_fchownat) {
    flags = (int)arguments[4];
    owner = 2;
    named = (struct named){(int)arguments[0], arguments[1], 1, !(flags & AT_SYMLINK_NOFOLLOW)};
  }
#ifdef SYS_lchown
  if (call->number == SYS_lchown) named.follows = 0;
#endif
  struct stat status;
  int file = open_named(call, &named, flags, &status);
  if (file < 0) return answer_error(errno);
  struct answer answer =
      change_owner(call, file, &status, (uint32_t)arguments[owner], (uint32_t)arguments[owner + 1]);
  close(file);
  return answer;
}

// MARK: stat

static struct answer tell_status(const struct call *call, int file, uint32_t uid, uint32_t gid, uint64_t address) {
  // The C library's structure is the kernel's.
  struct stat status;
  if (fstat(file, &status) < 0) return answer_kernel();
  status.st_uid = uid;
  status.st_gid = gid;
  return target_write(call, address, &status, sizeof status) < 0 ? answer_error(errno) : answer_value(0);
}

static struct answer tell_extended(const struct call *call, int file, uint32_t uid, uint32_t gid) {
  struct statx status;
  int flags = ((int)call->arguments[2] & AT_STATX_SYNC_TYPE) | AT_EMPTY_PATH;
  if (statx(file, "", flags, (unsigned)call->arguments[3], &status) < 0) return answer_kernel();
  status.stx_uid = uid;
  status.stx_gid = gid;
  return target_write(call, call->arguments[4], &status, sizeof status) < 0 ? answer_error(errno) : answer_value(0);
}

/// What the kernel can answer as well, errors included, is left to it.
struct answer stat_answer(const struct call *call) {
  const uint64_t *arguments = call->arguments;
  struct named named = {.folder = AT_FDCWD, .path = arguments[0], .has_path = 1, .follows = 1};
  uint64_t address = arguments[1];
  int flags = 0;
  if (call->number == SYS_fstat) {
    named = (struct named){.folder = (int)arguments[0]};
  } else if (call->number == SYS_newfstatat || call->number == SYS_statx) {
    flags = (int)arguments[call->number == SYS_statx ? 2 : 3];
    address = arguments[2];
    named = (struct named){(int)arguments[0], arguments[1], 1, !(flags & AT_SYMLINK_NOFOLLOW)};
  }
#ifdef SYS_lstat
  if (call->number == SYS_lstat) named.follows = 0;
#endif
  struct stat status;
  int file = open_named(call, &named, flags, &status);
  if (file < 0) return answer_kernel();
  uint32_t uid, gid;
  struct answer answer = answer_kernel();
  if (owner_read(call, file, &status, &uid, &gid))
    answer = call->number == SYS_statx ? tell_extended(call, file, uid, gid)
                                       : tell_status(call, file, uid, gid, address);
  close(file);
  return answer;
}

// MARK: Names of extended attributes

/// Programs that copy attributes must not copy an owner with them.
struct answer list_answer(const struct call *call) {
  static char names[64 << 10];
  const uint64_t *arguments = call->arguments;
  struct named named = {AT_FDCWD, arguments[0], 1, call->number == SYS_listxattr};
  if (call->number == SYS_flistxattr) named = (struct named){.folder = (int)arguments[0]};
  struct stat status;
  int file = open_named(call, &named, 0, &status);
  if (file < 0) return answer_kernel();
  uint32_t uid, gid;
  int has_owner = owner_read(call, file, &status, &uid, &gid);
  ssize_t length = has_owner ? listxattr(path_of_descriptor(file).text, names, sizeof names) : -1;
  close(file);
  if (length < 0) return answer_kernel();
  size_t left = (size_t)length, own = strlen(owner_attribute) + 1;
  for (char *name = names; name < names + left; name += strlen(name) + 1) {
    if (strcmp(name, owner_attribute) != 0) continue;
    memmove(name, name + own, (size_t)(names + left - name) - own);
    left -= own;
    break;
  }
  uint64_t room = arguments[2];
  if (room == 0 || left == 0) return answer_value((int64_t)left);
  if (room < left) return answer_error(ERANGE);
  return target_write(call, arguments[1], names, left) < 0 ? answer_error(errno) : answer_value((int64_t)left);
}

// MARK: execve

/// A script's own bits mean nothing.
static int is_script(int file) {
  char mark[2];
  int opened = open(path_of_descriptor(file).text, O_RDONLY | O_CLOEXEC);
  ssize_t length = opened < 0 ? 0 : read(opened, mark, sizeof mark);
  if (opened >= 0) close(opened);
  return length == 2 && memcmp(mark, "#!", 2) == 0;
}

/// Set-user-id and set-group-id as the recorded owner means them (execve(2)).
struct answer execution_answer(const struct call *call) {
  const uint64_t *arguments = call->arguments;
  int is_at = call->number == SYS_execveat, flags = is_at ? (int)arguments[4] : 0;
  struct named named = {AT_FDCWD, arguments[0], 1, 1};
  if (is_at) named = (struct named){(int)arguments[0], arguments[1], 1, !(flags & AT_SYMLINK_NOFOLLOW)};
  struct stat status;
  int file = open_named(call, &named, flags, &status);
  if (file < 0) return answer_kernel();
  struct identity now = *identity_of(call);
  if (S_ISREG(status.st_mode) && status.st_mode & (S_ISUID | S_ISGID) && !is_script(file)) {
    uint32_t uid, gid;
    owner_read(call, file, &status, &uid, &gid);
    if (status.st_mode & S_ISUID) now.user[EFFECTIVE] = uid;
    if (status.st_mode & S_ISGID && status.st_mode & S_IXGRP) now.group[EFFECTIVE] = gid;
  }
  close(file);
  now.user[SAVED] = now.user[FOR_FILES] = now.user[EFFECTIVE];
  now.group[SAVED] = now.group[FOR_FILES] = now.group[EFFECTIVE];
  now.keeps = now.kept = 0;
  if (memcmp(&now, identity_of(call), sizeof now) != 0 && target_waits(call)) identity_set(call, &now);
  return answer_kernel();
}
