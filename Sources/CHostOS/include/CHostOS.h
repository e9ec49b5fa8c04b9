// System calls and macros that Swift's Glibc module does not import. Nothing here has logic of its own.
//
// _GNU_SOURCE stays out of this header: with it, <sys/types.h> would define fd_set differently from the other C
// modules that Swift imports.
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include <sys/xattr.h>

/// open(2)'s O_PATH.
extern const int hostos_O_PATH;
/// openat2(2)'s RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: stay below the root descriptor, treating it as "/".
extern const uint64_t hostos_RESOLVE_IN_ROOT;

/// openat2(2); returns a descriptor, or -errno.
int hostos_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
/// renameat2(2) with RENAME_NOREPLACE; returns 0, or -errno.
int hostos_rename_noreplace(const char *from, const char *to);
/// memfd_create(2): a file in memory, closed when another program is executed; returns a descriptor, or -errno.
int hostos_memory_file(const char *name);
/// sync_file_range(2) with SYNC_FILE_RANGE_WRITE: begins to write a part of a file to the disk, and does not wait.
void hostos_begin_synchronizing(int descriptor, int64_t offset, int64_t length);
/// makedev(3), major(3), minor(3).
uint64_t hostos_makedev(uint32_t major_number, uint32_t minor_number);
uint32_t hostos_major(uint64_t device);
uint32_t hostos_minor(uint64_t device);

/// A program to start in a session of its own.
struct hostos_command {
  const char *path;
  char *const *arguments;
  char *const *environment;
  const char *directory;
  /// -1 is /dev/null.
  int input;
  int output;
  int error_output;
  /// Whether the program runs as another user; only root may ask for it.
  int changes_user;
  uint32_t user;
  uint32_t group;
  const uint32_t *groups;
  size_t group_count;
};

/// Starts it with signals as a new program expects them. Sets `pid` and `pidfd` and returns 0, or returns an errno.
int hostos_start(const struct hostos_command *command, int32_t *pid, int32_t *pidfd);
/// Waits for a child that has ended; returns 0 and sets `status` as waitpid(2) does, or returns an errno.
int hostos_reap(int32_t pid, int32_t *status);
