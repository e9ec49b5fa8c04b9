// What the files of this module share.
#pragma once
#include "CSandbox.h"

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAXIMUM_LAYERS = 500, DETAIL_SIZE = 512, STATUS_DESCRIPTOR = 3 };
/// Input, output, errors, status, owners.
enum { PLAN_DESCRIPTORS = 5 };

/// The state of a child while it works its plan.
struct child {
  const struct csandbox_plan *plan;
  uint32_t op;
  /// The new root, and the tmpfs for what is needed on the way.
  int root;
  int scratch;
  dev_t root_device;
  /// With one more, which is empty, where overlayfs asks for it.
  int lowers[MAXIMUM_LAYERS + 1];
  uint32_t lower_count;
  /// -1 when what is joined is read-only.
  int upper;
  int work;
  /// The system call that failed last, its errno, and what the kernel said.
  const char *call;
  int error;
  char detail[DETAIL_SIZE];
  /// Where process 1 waits for the listener of the filter.
  int owners;
  uint32_t content_files;
  uint32_t joined_mounts;
};

enum target_kind { TARGET_EXISTING, TARGET_FOLDER, TARGET_FILE };

/// Remembers what failed with the current errno; -1, so that it can be returned.
int child_failed(struct child *child, const char *call);
void child_tell(enum csandbox_message_kind kind, int error, uint32_t op, uint32_t candidate, const char *text);

/// Opens (O_PATH) what `path` means inside the root; -1 when it fails.
int child_open_target(struct child *child, const char *path, enum target_kind kind);
/// Opens (O_PATH) what `path` means in a folder that is its root, symbolic links followed; -1 with errno.
int open_below(int root, const char *path);
/// Opens the folder that holds what `path` means inside the root and gives the last component.
int child_open_parent(struct child *child, const char *path, const char **name);

int child_open_layers(struct child *child, const struct csandbox_op *op);
int child_scratch(struct child *child, const struct csandbox_op *op);
int child_overlay(struct child *child, const struct csandbox_op *op);
/// Opens (O_PATH) `path` in the open layers, joined; -1 when it fails.
int child_open_joined(struct child *child, const char *path, int user_attributes);

int child_mount(struct child *child, const struct csandbox_op *op);
int child_bind(struct child *child, const struct csandbox_op *op);
int child_bind_layers(struct child *child, const struct csandbox_op *op);
int child_content(struct child *child, const struct csandbox_op *op);
int child_symlink(struct child *child, const struct csandbox_op *op);
int child_mask(struct child *child, const struct csandbox_op *op);
int child_read_only_path(struct child *child, const struct csandbox_op *op);
int child_enter_root(struct child *child);

int child_filter(struct child *child, const struct csandbox_op *op);
/// Drops all capabilities that are not in the mask; -1 with errno on failure.
int drop_from_bounding_set(uint64_t mask);
int child_credentials(struct child *child, const struct csandbox_op *op);
int child_capabilities(struct child *child, uint64_t mask);
int child_execute(struct child *child, const struct csandbox_op *op);

/// Makes this process the parent of all that its children leave behind, as long as the caller lives.
int child_become_subreaper(struct child *child);
int child_die_with_parent(struct child *child);
/// Waits for the command, ends all that it left behind, tells its status.
void child_supervise(pid_t command) __attribute__((noreturn));

/// Sends at least one byte, with at most PLAN_DESCRIPTORS descriptors; -1 with errno on failure.
int child_send(int socket, const void *bytes, size_t size, const int *descriptors, int count);
/// Waits for what the other end sent; `count` is the room for descriptors, and their number then. The size; 0 when all
/// that could send have closed their end; -1 with errno on failure.
ssize_t child_receive(int socket, void *bytes, size_t size, int *descriptors, int *count);
/// Installs the filter that hands system calls about owners to process 1.
int child_record_owners(struct child *child);
/// Whether /proc shows the processes of this namespace, as what follows needs it.
int child_check_proc(struct child *child);
/// Reaps until the command ends, and answers for the kernel; the listener comes over `socket`.
void child_keep_owners(int socket, pid_t command) __attribute__((noreturn));
/// The memory behind a descriptor of `csandbox_owners_create`, until it is forgotten; -1 with errno on failure.
int child_map_owners(int descriptor);
void child_forget_owners(void);

/// The launcher's life, which ends when its caller has closed the other end of the socket.
void launcher_main(int socket, pid_t caller, uint64_t capabilities) __attribute__((noreturn));
/// Closes all descriptors from one on.
void close_from(int first);
/// All signals to what they do in a new program.
void reset_signals(void);
/// Works the plan, with the signals and the memory of the launcher; never returns.
void child_main(const struct csandbox_plan *plan) __attribute__((noreturn));

/// "/proc/self/fd/N" of a descriptor.
struct descriptor_path {
  char text[32];
};
struct descriptor_path path_of_descriptor(int descriptor);
/// Writes a number in decimal digits; returns their count.
size_t write_decimal(char *buffer, uint32_t number);
