// The child's half of the sandbox. Between clone(2) and execve(2) of a process with threads only system calls are
// safe, so Swift writes down beforehand what is to be done, and this code does it without allocating.
//
// _GNU_SOURCE stays out of this header: with it, <sys/types.h> would define fd_set differently from the other C
// modules that Swift imports.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// What one step does. Paths of "the host" are those of the caller; paths "in the root" are resolved inside the new
/// root, with symbolic links that cannot lead out, and made when they are missing.
enum csandbox_kind {
  /// Keep mounts of this namespace from the others.
  CSANDBOX_PRIVATE_MOUNTS,
  /// Let id 0 of this process's user namespace stand for `uid` and `gid` outside, and no other.
  CSANDBOX_MAP_SELF,
  /// Open `list` (lower folders, bottom first), `source` (upper) and `target` (work); without the two, what they are
  /// joined to is read-only. Layers that were open before are closed.
  CSANDBOX_OPEN_LAYERS,
  /// Mount a tmpfs on `target` of the host for what the sandbox needs on the way.
  CSANDBOX_SCRATCH,
  /// Join the open layers; `number` is 1 for attributes in the user namespace ("userxattr"). This is the root. Device
  /// nodes in it cannot be opened.
  CSANDBOX_OVERLAY,
  /// Mount file system type `source` with `data` and the flags `number` at `target` in the root. With
  /// `CSANDBOX_KEEP_MODE` it gets the mode of the folder that it covers, where there is one.
  CSANDBOX_MOUNT,
  /// Show `source` of the host at `target` in the root; device nodes that are in it cannot be opened, unless it is one
  /// (`CSANDBOX_DEVICE`).
  CSANDBOX_BIND,
  /// Join the open layers and show `source` in them at `target` in the root; `number` as for `CSANDBOX_OVERLAY`.
  CSANDBOX_BIND_LAYERS,
  /// Show a file with `bytes`, mode `number`, `uid` and `gid` at `target` in the root.
  CSANDBOX_CONTENT,
  /// Make the symbolic link `target` in the root, which says `data`.
  CSANDBOX_SYMLINK,
  /// Hide `target` in the root, if it exists.
  CSANDBOX_MASK,
  /// Make `target` in the root read-only, if it exists.
  CSANDBOX_READ_ONLY_PATH,
  CSANDBOX_HOST_NAME,
  CSANDBOX_LOOPBACK,
  CSANDBOX_SESSION_KEYRING,
  /// unshare(2) with the flags `number`.
  CSANDBOX_UNSHARE,
  /// Make the root "/" and let go of the host's files.
  CSANDBOX_ENTER_ROOT,
  /// chroot(2) to `target` of the host.
  CSANDBOX_CHROOT,
  CSANDBOX_UMASK,
  CSANDBOX_WORKING_DIRECTORY,
  /// setrlimit(2) of the resource `number`; `bytes` are the soft and the hard limit, 64 bits each.
  CSANDBOX_LIMIT,
  /// Go on in a child; this process reaps, and ends with all that is left once the child has ended.
  CSANDBOX_FORK,
  /// The same, and this process, which must be the first of its namespace, also records owners, and answers what depends
  /// on them.
  CSANDBOX_FORK_OWNERS,
  /// `CSANDBOX_FORK` without a process namespace: this process looks for what the command started and kills it, also when it
  /// gets SIGTERM or the caller ends.
  CSANDBOX_FORK_SUPERVISED,
  /// Hand system calls about owners and ids to the process that records owners; needs CAP_SYS_ADMIN.
  CSANDBOX_RECORD_OWNERS,
  /// To be killed when the process that supervises the command is; changed credentials would undo it.
  CSANDBOX_DIE_WITH_PARENT,
  /// A session of its own, default signals.
  CSANDBOX_SESSION,
  /// Make standard input the controlling terminal of the session.
  CSANDBOX_TERMINAL,
  /// Install the `count` instructions in `bytes` as a filter of system calls; what comes after it, this code included,
  /// is subject to it. It needs CAP_SYS_ADMIN, for no_new_privs is not set.
  CSANDBOX_FILTER,
  /// Drop every capability but those of the mask `number` from the bounding set.
  CSANDBOX_BOUNDING_SET,
  /// Become `uid`, `gid` and the `count` groups in `bytes`.
  CSANDBOX_CREDENTIALS,
  /// Permit the capabilities of the mask `number`, no others.
  CSANDBOX_CAPABILITIES,
  /// Execute the first program of `list` (null-terminated) with `arguments` and `environment`.
  CSANDBOX_EXECUTE,
};

enum {
  /// A failure of this step is no failure.
  CSANDBOX_OPTIONAL = 1,
  /// When this step succeeds, the next one is left out; when it fails, the next one is done instead.
  CSANDBOX_ELSE_NEXT = 2,
  CSANDBOX_READ_ONLY = 4,
  CSANDBOX_KEEP_MODE = 8,
  CSANDBOX_DEVICE = 16,
};

struct csandbox_op {
  enum csandbox_kind kind;
  uint32_t flags;
  uint64_t number;
  const char *source;
  const char *target;
  const char *data;
  const char *const *list;
  uint32_t count;
  uint32_t uid;
  uint32_t gid;
  const void *bytes;
  size_t size;
  const char *const *arguments;
  const char *const *environment;
};

/// Everything that a child does. It lies in the memory of the launcher, with all that it points to.
struct csandbox_plan {
  const struct csandbox_op *ops;
  uint32_t count;
  /// CLONE_NEW* flags.
  uint64_t namespaces;
  int32_t input;
  int32_t output;
  int32_t error_output;
  /// The end of a pipe that `csandbox_message`s are written to.
  int32_t status;
  /// Of `csandbox_owners_create`, for `CSANDBOX_FORK_OWNERS`; else -1.
  int32_t owners;
};

enum csandbox_message_kind {
  /// `text` is a path in the root that was made so that something can be mounted there.
  CSANDBOX_CREATED,
  /// Step `op` failed with `error`; `text` is the system call, and after a newline the kernel's explanation.
  CSANDBOX_REFUSED,
  /// Candidate `candidate` of an execute step cannot be executed, for `error`.
  CSANDBOX_NOT_EXECUTED,
  /// The command ended; `error` is its status as wait(2) gives it.
  CSANDBOX_FINISHED,
};

/// What the child tells; `length` bytes of text follow.
struct csandbox_message {
  enum csandbox_message_kind kind;
  int32_t error;
  uint32_t op;
  uint32_t candidate;
  uint32_t length;
};

/// Namespace flags of clone(2).
extern const uint64_t csandbox_NEWNS, csandbox_NEWPID, csandbox_NEWIPC, csandbox_NEWUTS, csandbox_NEWNET,
    csandbox_NEWUSER, csandbox_NEWCGROUP;
/// Flags of mount(2).
extern const uint64_t csandbox_NOSUID, csandbox_NODEV, csandbox_NOEXEC, csandbox_RDONLY;

/// A process of one thread that starts commands, one at a time. It ends with its caller, and what it started ends with it.
struct csandbox_launcher {
  int32_t socket;
  int32_t process;
  /// Shared with the launcher, at the same address.
  void *memory;
  size_t size;
};

/// Starts a launcher with `size` bytes of memory, whose commands have no capabilities but those of the mask. Returns 0,
/// or an errno.
int csandbox_launcher_start(size_t size, uint64_t capabilities, struct csandbox_launcher *launcher);
/// Starts a child. Returns 0 and sets `pidfd`, or returns an errno: EPIPE or ECONNRESET when the launcher has ended. The
/// launcher is free again once the child has ended.
int csandbox_launch(const struct csandbox_launcher *launcher, const struct csandbox_plan *plan, int32_t *pidfd);
/// Forgets what is in the memory.
void csandbox_launcher_forget(const struct csandbox_launcher *launcher);
/// Ends the launcher with what it started, and waits for it. Returns its status as wait(2) gives it.
int32_t csandbox_launcher_end(struct csandbox_launcher *launcher);
/// Sends SIGKILL; returns 0 or an errno.
int csandbox_kill(int32_t pidfd);
/// Sends SIGTERM, which asks a child that supervises to end with all that it has; returns 0 or an errno.
int csandbox_terminate(int32_t pidfd);
/// Whether a process has ended.
int csandbox_has_ended(int32_t pidfd);
/// Owners of files, and ids of processes, that the kernel cannot keep: memory that a child shares with its caller.
/// Regular files and folders have theirs in the extended attribute `user.slipway.owner`, as `UID:GID`; here are those
/// of other files, by inode and time of birth (0 when the file system does not tell).
struct csandbox_owners;
/// A command begins as `uid` and `gid` with the groups. `descriptor` is for the plan. Returns null and sets `error` to an
/// errno when it fails.
struct csandbox_owners *csandbox_owners_create(
    uint32_t uid, uint32_t gid, const uint32_t *groups, uint32_t count, int32_t *descriptor, int32_t *error);
void csandbox_owners_destroy(struct csandbox_owners *owners, int32_t descriptor);
/// Returns 0 or an errno.
int csandbox_owners_set(
    struct csandbox_owners *owners, uint64_t inode, int64_t seconds, uint32_t nanoseconds, uint32_t uid, uint32_t gid);
/// Whether an owner is recorded.
int csandbox_owners_get(
    struct csandbox_owners *owners, uint64_t inode, int64_t seconds, uint32_t nanoseconds, uint32_t *uid,
    uint32_t *gid);
/// pipe2(2) with O_CLOEXEC; returns 0 or an errno.
int csandbox_pipe(int32_t *read_end, int32_t *write_end);
/// Makes reading from a descriptor return EAGAIN instead of waiting.
int csandbox_set_nonblocking(int32_t descriptor);
/// accept4(2) with SOCK_CLOEXEC; returns a descriptor, or -1 with errno.
int csandbox_accept(int listener);
/// The magic number of the file system that a path is on (statfs(2)); 0 when it cannot be told.
uint64_t csandbox_file_system_type(const char *path);
/// The hard limit of a resource of setrlimit(2) for this process; the largest number is no limit.
uint64_t csandbox_hard_limit(int resource);
/// When a file or folder was made; 0 when the file system does not tell.
int csandbox_birth_time(const char *path, int64_t *seconds, uint32_t *nanoseconds);
/// Copies what is left to read in one file to another, sharing blocks where the file system can; returns 0 or an
/// errno.
int csandbox_copy_content(int32_t from, int32_t to);
/// Opens a pseudo-terminal that is nobody's controlling one, its master without waiting; returns 0 or an errno.
int csandbox_open_terminal(int32_t *master, int32_t *slave);
/// Gives one terminal the size of another; returns 0 or an errno.
int csandbox_copy_window(int32_t from, int32_t to);
/// Gives each of two files or folders the other's name; returns 0 or an errno.
int csandbox_exchange(const char *first, const char *second);
/// Whether the kernel knows filters of system calls, whether this process has one, and whether it and its children are
/// kept from getting more rights by executing a program (PR_GET_NO_NEW_PRIVS).
int csandbox_has_filters(void);
int csandbox_is_filtered(void);
int csandbox_has_no_new_privileges(void);
/// The environment of this process as it is, byte for byte.
const char *const *csandbox_environment(void);

/// Starts a program in a new user and mount namespace once a byte can be read from `ready`; `failure` takes the
/// errno, as an int32_t, when it cannot be executed. The child is killed when the calling thread ends.
/// Returns 0 and sets `pid`, or returns an errno.
int csandbox_spawn_in_user_namespace(
    const char *program, const char *const *arguments, const char *const *environment, int32_t ready, int32_t failure,
    int32_t *pid);
/// Waits for a child and hands on SIGINT, SIGTERM, SIGHUP and SIGQUIT that other processes send to this one. (Those
/// of the terminal reach the child by themselves.) Returns 0 and sets `status`, or returns an errno.
int csandbox_wait_forwarding_signals(int32_t pid, int32_t *status);
