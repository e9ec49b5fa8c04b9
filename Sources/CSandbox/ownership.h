// What the files that answer for the kernel share: who a process believes to be, and who owns a file, where the machine
// lends one id only.
//
// All of it but `ownership_memory.c` runs in process 1 of a sandbox, which has the same root as the command: no path
// leads out. It has the rights of whoever runs the build, so a path that changes between two looks gives nothing away.
#pragma once
#include "child.h"

#include <linux/seccomp.h>
#include <sys/stat.h>

enum { MAXIMUM_GROUPS = 128, MAXIMUM_IDENTITIES = 4096, RECORD_SLOTS = 1 << 20, LIMIT_ON_LOCKS = 10 };

/// The ids of a process in the order of getresuid(2), and the one for files.
enum which_id { REAL, EFFECTIVE, SAVED, FOR_FILES, ID_COUNT };

struct identity {
  uint32_t user[ID_COUNT];
  uint32_t group[ID_COUNT];
  /// PR_SET_KEEPCAPS of prctl(2), and whether capabilities were kept so when the process ceased to be root.
  uint32_t keeps;
  uint32_t kept;
  uint32_t count;
  uint32_t groups[MAXIMUM_GROUPS];
};

/// The owner of what has no extended attributes of its own: symbolic links, pipes, devices. Numbers of inodes are used
/// again, so the time of birth belongs to the key. The device of the root is 0.
struct owner_record {
  uint64_t device;
  uint64_t inode;
  int64_t seconds;
  uint32_t nanoseconds;
  uint32_t is_used;
  uint32_t uid;
  uint32_t gid;
};

/// Shared by the caller and process 1.
struct csandbox_owners {
  uint32_t identity_count;
  uint32_t record_count;
  struct identity identities[MAXIMUM_IDENTITIES];
  struct owner_record records[RECORD_SLOTS];
};

/// What this process has of them.
extern struct csandbox_owners *shared_owners;

/// The slot of a key, or the free one where it belongs; null when there is no more room.
struct owner_record *owner_slot(struct csandbox_owners *owners, const struct owner_record *key);

/// A system call that waits for its answer.
struct call {
  struct csandbox_owners *owners;
  int listener;
  dev_t root_device;
  uint64_t id;
  /// A thread, in fact: /proc and prlimit(2) take it as well.
  pid_t process;
  int number;
  const uint64_t *arguments;
};

enum answer_kind { ANSWER_VALUE, ANSWER_ERROR, ANSWER_KERNEL, ANSWER_SENT };

struct answer {
  enum answer_kind kind;
  int64_t value;
};

static inline struct answer answer_value(int64_t value) { return (struct answer){ANSWER_VALUE, value}; }
static inline struct answer answer_error(int error) { return (struct answer){ANSWER_ERROR, error}; }
/// The kernel may do what was asked for.
static inline struct answer answer_kernel(void) { return (struct answer){ANSWER_KERNEL, 0}; }
/// The answer has been given.
static inline struct answer answer_sent(void) { return (struct answer){ANSWER_SENT, 0}; }

// The process that called: -1 with errno on failure.
ssize_t target_read(const struct call *call, uint64_t address, void *buffer, size_t size);
int target_write(const struct call *call, uint64_t address, const void *buffer, size_t size);
/// `path` has PATH_MAX bytes.
int target_path(const struct call *call, uint64_t address, char *path);
/// Opens (O_PATH) what a path means to the process, and looks at it.
int target_open(const struct call *call, int folder, const char *path, int follows, struct stat *status);
mode_t target_umask(const struct call *call);
/// Whether it still waits: else its number may be somebody else's by now.
int target_waits(const struct call *call);

const struct identity *identity_of(const struct call *call);
/// Makes it the identity of the process that called, and of those that it starts; -1 when there are too many.
int identity_set(const struct call *call, const struct identity *identity);
/// Whether it has a capability by what it believes to be: as root, or because it kept what it had.
int identity_may(const struct call *call, const struct identity *identity, enum which_id which, int capability);
int identity_has_group(const struct identity *identity, uint32_t group);
struct answer identity_answer(const struct call *call);

/// Whether an owner was recorded; else `uid` and `gid` are what the kernel says.
int owner_read(const struct call *call, int file, const struct stat *status, uint32_t *uid, uint32_t *gid);
int owner_write(const struct call *call, int file, const struct stat *status, uint32_t uid, uint32_t gid);
extern const char owner_attribute[];

struct answer chown_answer(const struct call *call);
struct answer stat_answer(const struct call *call);
struct answer list_answer(const struct call *call);
struct answer creation_answer(const struct call *call);
struct answer execution_answer(const struct call *call);
