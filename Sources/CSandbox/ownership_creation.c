// System calls that make files: those of a user other than root, or in a folder that hands down its group, are made by
// process 1, with their owner.
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

enum creation_kind { CREATES_FILE, CREATES_UNNAMED_FILE, CREATES_FOLDER, CREATES_NODE, CREATES_LINK };

struct creation {
  enum creation_kind kind;
  int folder;
  uint64_t path;
  int flags;
  mode_t mode;
  dev_t device;
  /// Of a symbolic link, in the process that called.
  uint64_t text;
  uint32_t uid;
  uint32_t gid;
};

/// The forms with a folder; the older ones have none.
static void read_arguments(const struct call *call, struct creation *creation) {
  const uint64_t *arguments = call->arguments;
  int has_folder = call->number == SYS_openat || call->number == SYS_openat2 || call->number == SYS_mkdirat ||
                   call->number == SYS_mknodat;
  const uint64_t *rest = arguments + has_folder + 1;
  *creation = (struct creation){
      .kind = CREATES_FILE, .folder = has_folder ? (int)arguments[0] : AT_FDCWD, .path = arguments[has_folder]};
  switch (call->number) {
  case SYS_symlinkat:
    creation->folder = (int)arguments[1];
    creation->path = arguments[2];
    creation->kind = CREATES_LINK;
    creation->text = arguments[0];
    return;
#ifdef SYS_open
  case SYS_symlink:
    creation->path = arguments[1];
    creation->kind = CREATES_LINK;
    creation->text = arguments[0];
    return;
  case SYS_creat:
    creation->flags = O_CREAT | O_WRONLY | O_TRUNC;
    creation->mode = (mode_t)rest[0];
    return;
  case SYS_mkdir:
#endif
  case SYS_mkdirat:
    creation->kind = CREATES_FOLDER;
    creation->mode = (mode_t)rest[0];
    return;
#ifdef SYS_open
  case SYS_mknod:
#endif
  case SYS_mknodat:
    creation->kind = CREATES_NODE;
    creation->mode = (mode_t)rest[0];
    creation->device = (dev_t)rest[1];
    return;
  default:
    creation->flags = (int)rest[0];
    creation->mode = (mode_t)rest[1];
  }
}

/// 0 when it makes nothing.
static int read_creation(const struct call *call, struct creation *creation) {
  read_arguments(call, creation);
  if (call->number == SYS_openat2) {
    struct open_how how = {0};
    if (call->arguments[3] < sizeof how || target_read(call, call->arguments[2], &how, sizeof how) != sizeof how)
      return 0;
    // Rules for the way to the file are the kernel's to keep; such a file belongs to root.
    if (how.resolve != 0) return 0;
    creation->flags = (int)how.flags;
    creation->mode = (mode_t)how.mode;
  }
  if (creation->kind != CREATES_FILE) return 1;
  if (creation->flags & O_PATH) return 0;
  if ((creation->flags & O_TMPFILE) == O_TMPFILE) creation->kind = CREATES_UNNAMED_FILE;
  else if (!(creation->flags & O_CREAT)) return 0;
  return 1;
}

/// Cuts a path into what leads to the folder and the last component; null where that is none to be made.
static const char *split(char *path, const char **folder) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') path[--length] = 0;
  char *slash = strrchr(path, '/');
  char *name = slash ? slash + 1 : path;
  *folder = slash == path ? "/" : slash ? path : ".";
  if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return NULL;
  if (slash && slash != path) *slash = 0;
  return name;
}

/// Gives the process the open file as the result of its call.
static struct answer hand_over(const struct call *call, int file, int flags) {
  struct seccomp_notif_addfd request = {
      .id = call->id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (uint32_t)file,
      .newfd_flags = (uint32_t)(flags & O_CLOEXEC)};
  int number = ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &request);
  if (number >= 0) return answer_sent();
  if (errno == EINVAL) {
    request.flags = 0;
    number = ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &request);
  }
  return number < 0 ? answer_error(errno) : answer_value(number);
}

static struct answer record(const struct call *call, int file, const struct creation *creation) {
  struct stat status;
  if (file < 0 || fstat(file, &status) < 0) return answer_error(errno);
  if (owner_write(call, file, &status, creation->uid, creation->gid) < 0) return answer_error(errno);
  return answer_value(0);
}

static struct answer create_file(
    const struct call *call, int folder, const char *name, const struct creation *creation) {
  int flags = creation->flags | O_CLOEXEC;
  if (creation->kind == CREATES_FILE) flags |= O_EXCL | O_NOFOLLOW;
  int file = openat(folder, name, flags, creation->mode);
  if (file < 0) {
    // What is there is opened by the process itself: it may be something that one has to wait for.
    int opens_others = creation->kind == CREATES_FILE && !(creation->flags & O_EXCL);
    return errno == EEXIST && opens_others ? answer_kernel() : answer_error(errno);
  }
  struct answer answer = record(call, file, creation);
  if (answer.kind == ANSWER_VALUE) answer = hand_over(call, file, creation->flags);
  close(file);
  return answer;
}

static struct answer create_other(
    const struct call *call, int folder, const char *name, const struct creation *creation) {
  static char text[PATH_MAX];
  int result;
  if (creation->kind == CREATES_LINK) {
    if (target_path(call, creation->text, text) < 0) return answer_error(errno);
    result = symlinkat(text, folder, name);
  } else if (creation->kind == CREATES_FOLDER) {
    result = mkdirat(folder, name, creation->mode);
  } else {
    result = mknodat(folder, name, creation->mode, creation->device);
  }
  if (result < 0) return answer_error(errno);
  int file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct answer answer = record(call, file, creation);
  if (file >= 0) close(file);
  return answer;
}

/// Whose it will be: in a folder with set-group-id, the folder's group's (inode(7)).
static void find_owner(const struct call *call, int folder, const struct stat *status, struct creation *creation) {
  const struct identity *identity = identity_of(call);
  creation->uid = identity->user[FOR_FILES];
  creation->gid = identity->group[FOR_FILES];
  uint32_t uid;
  if (status->st_mode & S_ISGID) owner_read(call, folder, status, &uid, &creation->gid);
}

struct answer creation_answer(const struct call *call) {
  static char path[PATH_MAX];
  struct creation creation;
  if (!read_creation(call, &creation) || target_path(call, creation.path, path) < 0) return answer_kernel();
  const char *way = path, *name = ".";
  // Nobody can make a file whose name ends with a slash: the kernel says so best.
  if (creation.kind == CREATES_FILE && *path && path[strlen(path) - 1] == '/') return answer_kernel();
  if (creation.kind != CREATES_UNNAMED_FILE) name = split(path, &way);
  if (!name || !*path) return answer_kernel();
  struct stat status;
  int folder = target_open(call, creation.folder, way, 1, &status);
  if (folder < 0) return answer_kernel();
  find_owner(call, folder, &status, &creation);
  struct answer answer = answer_kernel();
  if ((creation.uid != 0 || creation.gid != 0) && target_waits(call)) {
    umask(target_umask(call));
    answer = creation.kind == CREATES_FILE || creation.kind == CREATES_UNNAMED_FILE
                 ? create_file(call, folder, name, &creation)
                 : create_other(call, folder, name, &creation);
  }
  close(folder);
  return answer;
}
