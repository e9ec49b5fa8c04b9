#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAXIMUM_LINKS = 40 };

// One path is resolved at a time, so the buffers need not be on the stack.
static char resolved[PATH_MAX];
static char rest[PATH_MAX];
static char link_text[PATH_MAX];
static char joined[PATH_MAX];

static int open_scoped(int root, const char *path, uint64_t flags) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  int found;
  // Where something is mounted or renamed meanwhile, anywhere on the machine, the kernel does not know whether ".." left
  // the root, and wants to be asked again (openat2(2), EAGAIN).
  do found = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
  while (found < 0 && errno == EAGAIN);
  return found;
}

int open_below(int root, const char *path) { return open_scoped(root, path, O_PATH); }

static int open_in_root(struct child *child, const char *path, uint64_t flags) {
  return open_scoped(child->root, path, flags);
}

static void drop_last_component(char *path) {
  char *slash = strrchr(path, '/');
  if (slash) *slash = 0;
}

/// Moves the next component of `rest` into `name`; 0 when there is none.
static size_t take_component(char *name) {
  const char *start = rest;
  while (*start == '/') start++;
  size_t length = strcspn(start, "/");
  if (length > NAME_MAX) length = NAME_MAX + 1;
  memcpy(name, start, length);
  name[length] = 0;
  memmove(rest, start + length, strlen(start + length) + 1);
  return length;
}

static int append_component(const char *name, size_t length) {
  size_t used = strlen(resolved);
  if (length > NAME_MAX || used + 1 + length >= sizeof resolved) {
    errno = ENAMETOOLONG;
    return -1;
  }
  resolved[used] = '/';
  memcpy(resolved + used + 1, name, length + 1);
  return 0;
}

/// Puts what a symbolic link says before what is left of the path.
static int follow_link(int link) {
  ssize_t length = readlinkat(link, "", link_text, sizeof link_text - 1);
  if (length < 0) return -1;
  link_text[length] = 0;
  size_t left = strlen(rest);
  if ((size_t)length + left >= sizeof joined) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(joined, link_text, length);
  memcpy(joined + length, rest, left + 1);
  memcpy(rest, joined, length + left + 1);
  if (link_text[0] == '/') resolved[0] = 0;
  else drop_last_component(resolved);
  return 0;
}

/// Makes what `resolved` names without a change of its parent's modification time, and tells of it when it is in the
/// layer (and not in something that was mounted before).
static int create_entry(struct child *child, int folder) {
  char *name = strrchr(resolved, '/');
  *name = 0;
  int parent = open_in_root(child, resolved + (resolved[0] == '/'), O_RDONLY | O_DIRECTORY);
  *name++ = '/';
  if (parent < 0) return -1;
  struct stat status;
  int result = fstat(parent, &status);
  if (result == 0 && folder) result = mkdirat(parent, name, 0755);
  else if (result == 0) {
    int file = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    result = file < 0 ? -1 : close(file);
  }
  if (result == 0) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status.st_mtim};
    if (futimens(parent, times) < 0 && status.st_dev == child->root_device) result = -1;
    if (status.st_dev == child->root_device) child_tell(CSANDBOX_CREATED, 0, child->op, 0, resolved);
  }
  int error = errno;
  close(parent);
  errno = error;
  return result;
}

/// Makes what is missing at the end of a path that leads into something which was mounted before: no layer shows it.
/// Opens it; -1 when that is not the case.
static int create_in_mount(struct child *child, const char *path, enum target_kind kind) {
  const char *name = strrchr(path, '/');
  if (!name || name == path || !name[1] || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0) return -1;
  memcpy(rest, path + 1, name - path);
  rest[name - path - 1] = 0;
  name++;
  int parent = open_in_root(child, rest, O_RDONLY | O_DIRECTORY);
  if (parent < 0) return -1;
  struct stat status;
  int made = -1;
  if (fstat(parent, &status) == 0 && status.st_dev != child->root_device) {
    if (kind == TARGET_FILE) made = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    else if (mkdirat(parent, name, 0755) == 0) made = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status.st_mtim};
  if (made >= 0) futimens(parent, times);
  close(parent);
  return made;
}

static int rest_is_empty(void) { return rest[strspn(rest, "/")] == 0; }

/// Walks one component further.
static int step(struct child *child, enum target_kind kind, int *links) {
  char name[NAME_MAX + 2];
  size_t length = take_component(name);
  if (length == 0 || strcmp(name, ".") == 0) return 0;
  if (strcmp(name, "..") == 0) {
    drop_last_component(resolved);
    return 0;
  }
  if (append_component(name, length) < 0) return -1;
  int found = open_in_root(child, resolved + 1, O_PATH | O_NOFOLLOW);
  if (found < 0) {
    if (errno != ENOENT || kind == TARGET_EXISTING) return -1;
    return create_entry(child, kind == TARGET_FOLDER || !rest_is_empty());
  }
  struct stat status;
  int result = fstat(found, &status);
  if (result == 0 && S_ISLNK(status.st_mode)) {
    if (++*links > MAXIMUM_LINKS) {
      errno = ELOOP;
      result = -1;
    } else {
      result = follow_link(found);
    }
  }
  int error = errno;
  close(found);
  errno = error;
  return result;
}

int child_open_target(struct child *child, const char *path, enum target_kind kind) {
  if (strlen(path) >= sizeof rest) {
    errno = ENAMETOOLONG;
    return child_failed(child, "openat2");
  }
  // Most targets exist, and the kernel finds them at once.
  int existing = open_in_root(child, path + strspn(path, "/"), O_PATH);
  if (existing >= 0) return existing;
  if (errno == ENOENT && kind == TARGET_EXISTING) return child_failed(child, "openat2");
  int made = errno == ENOENT ? create_in_mount(child, path, kind) : -1;
  if (made >= 0) return made;
  strcpy(rest, path);
  resolved[0] = 0;
  int links = 0;
  while (!rest_is_empty())
    if (step(child, kind, &links) < 0) return child_failed(child, "openat2");
  int target = open_in_root(child, resolved + (resolved[0] == '/'), O_PATH | O_NOFOLLOW);
  return target < 0 ? child_failed(child, "openat2") : target;
}

int child_open_parent(struct child *child, const char *path, const char **name) {
  static char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  size_t length = slash ? (size_t)(slash - path) : 0;
  if (length >= sizeof parent) {
    errno = ENAMETOOLONG;
    return child_failed(child, "openat2");
  }
  memcpy(parent, path, length);
  parent[length] = 0;
  *name = slash ? slash + 1 : path;
  return child_open_target(child, parent, TARGET_FOLDER);
}
