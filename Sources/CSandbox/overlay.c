#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// fsconfig(2) and its kin, for C libraries whose headers are older than the kernel.
enum { SET_FLAG = 0, SET_STRING = 1, CREATE = 6, CLOSE_ON_EXEC = 1, FROM_EMPTY_PATH = 4, NO_DEVICES = 4 };

static int open_folder(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

static void close_layers(struct child *child) {
  for (uint32_t index = 0; index < child->lower_count; index++) close(child->lowers[index]);
  if (child->upper >= 0) close(child->upper);
  if (child->work >= 0) close(child->work);
  child->lower_count = 0;
  child->upper = child->work = -1;
}

int child_open_layers(struct child *child, const struct csandbox_op *op) {
  close_layers(child);
  if (op->count > MAXIMUM_LAYERS) {
    errno = E2BIG;
    return child_failed(child, "open");
  }
  for (uint32_t index = 0; index < op->count; index++) {
    child->lowers[index] = open_folder(op->list[index]);
    if (child->lowers[index] < 0) {
      strncpy(child->detail, op->list[index], sizeof child->detail - 1);
      return child_failed(child, "open");
    }
    child->lower_count = index + 1;
  }
  if (!op->source) return 0;
  child->upper = open_folder(op->source);
  child->work = open_folder(op->target);
  return child->upper < 0 || child->work < 0 ? child_failed(child, "open") : 0;
}

int child_scratch(struct child *child, const struct csandbox_op *op) {
  if (mount("tmpfs", op->target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0) return child_failed(child, "mount");
  child->scratch = open_folder(op->target);
  if (child->scratch < 0) return child_failed(child, "open");
  if (mkdirat(child->scratch, "root", 0755) < 0 || mkdirat(child->scratch, "empty", 0755) < 0)
    return child_failed(child, "mkdirat");
  return 0;
}

/// The name of a descriptor below /proc/self/fd, which is the working folder while layers are joined: so the names
/// are short, need no escapes, and do not show the host's paths inside.
static const char *name_of(int descriptor) {
  static char name[16];
  name[write_decimal(name, descriptor)] = 0;
  return name;
}

static int set_string(int context, const char *key, const char *value) {
  return (int)syscall(SYS_fsconfig, context, SET_STRING, key, value, 0);
}

/// The kernel says in words what it did not like, behind a letter for the severity.
static void read_explanation(struct child *child, int context) {
  ssize_t length = read(context, child->detail, sizeof child->detail - 1);
  child->detail[length > 0 ? length : 0] = 0;
  if (length > 2 && child->detail[1] == ' ') memmove(child->detail, child->detail + 2, length - 1);
}

static int configure(struct child *child, int context, int user_attributes) {
  if (set_string(context, "source", "overlay") < 0) return -1;
  if (child->upper >= 0) {
    if (set_string(context, "upperdir", name_of(child->upper)) < 0) return -1;
    if (set_string(context, "workdir", name_of(child->work)) < 0) return -1;
  }
  if (user_attributes && syscall(SYS_fsconfig, context, SET_FLAG, "userxattr", NULL, 0) < 0) return -1;
  // All that is in the file system of the upper folder, of others too, would be written to the disk when the overlay
  // goes. Who keeps the folder knows that.
  if (child->upper >= 0 && syscall(SYS_fsconfig, context, SET_FLAG, "volatile", NULL, 0) < 0) return -1;
  if (set_string(context, "redirect_dir", "nofollow") < 0) return -1;
  if (set_string(context, "index", "off") < 0) return -1;
  if (set_string(context, "metacopy", "off") < 0) return -1;
  return (int)syscall(SYS_fsconfig, context, CREATE, NULL, NULL, 0);
}

/// 1: done; 0: this kernel does not know how, ask it in the old way; -1: refused.
static int join_with_context(struct child *child, const char *place, int user_attributes) {
  int context = (int)syscall(SYS_fsopen, "overlay", CLOSE_ON_EXEC);
  if (context < 0) return 0;
  for (uint32_t index = child->lower_count; index > 0; index--)
    if (set_string(context, "lowerdir+", name_of(child->lowers[index - 1])) < 0) {
      close(context);
      return 0;
    }
  if (configure(child, context, user_attributes) < 0) {
    child_failed(child, "fsconfig");
    read_explanation(child, context);
    close(context);
    // Kernels before 6.5 take any option, and notice at the end that they do not know it.
    return child->error == EINVAL ? 0 : -1;
  }
  int tree = (int)syscall(SYS_fsmount, context, CLOSE_ON_EXEC, NO_DEVICES);
  if (tree < 0) return child_failed(child, "fsmount");
  close(context);
  if (syscall(SYS_move_mount, tree, "", child->scratch, place, FROM_EMPTY_PATH) < 0)
    return child_failed(child, "move_mount");
  close(tree);
  return 1;
}

struct text {
  char bytes[4096];
  size_t length;
};

static void append(struct text *text, const char *more) {
  size_t length = strlen(more);
  if (text->length + length < sizeof text->bytes) memcpy(text->bytes + text->length, more, length + 1);
  text->length += length;
}

static int join_with_mount(struct child *child, const char *place, int user_attributes, const char *more) {
  static struct text options;
  options.length = 0;
  append(&options, "redirect_dir=nofollow,index=off,metacopy=off");
  if (child->upper >= 0) {
    append(&options, ",upperdir=");
    append(&options, name_of(child->upper));
    append(&options, ",workdir=");
    append(&options, name_of(child->work));
  }
  if (user_attributes) append(&options, ",userxattr");
  append(&options, more);
  append(&options, ",lowerdir=");
  for (uint32_t index = child->lower_count; index > 0; index--) {
    append(&options, name_of(child->lowers[index - 1]));
    if (index > 1) append(&options, ":");
  }
  if (options.length >= sizeof options.bytes) {
    errno = E2BIG;
    return child_failed(child, "mount");
  }
  struct text path = {.length = 0};
  append(&path, path_of_descriptor(child->scratch).text);
  append(&path, "/");
  append(&path, place);
  return mount("overlay", path.bytes, "overlay", MS_NODEV, options.bytes) < 0 ? child_failed(child, "mount") : 0;
}

/// overlayfs wants two lower folders where nothing can be written, and one in any case. The lowest one says nothing of
/// the root's attributes.
static void add_empty_layer(struct child *child) {
  if (child->upper >= 0 && child->lower_count > 0) return;
  memmove(child->lowers + 1, child->lowers, child->lower_count * sizeof *child->lowers);
  child->lowers[0] = openat(child->scratch, "empty", O_PATH | O_DIRECTORY | O_CLOEXEC);
  child->lower_count++;
}

/// A command may follow another one on the same folders, as a shell does where one failed. The kernel leaves a mark that
/// forbids it, since after a crash not everything might be there.
static void forget_last_overlay(struct child *child) {
  if (child->work < 0) return;
  unlinkat(child->work, "work/incompat/volatile/dirty", 0);
  unlinkat(child->work, "work/incompat/volatile", AT_REMOVEDIR);
}

/// Joins the open layers at a folder of the scratch file system and opens the result.
static int join(struct child *child, const char *place, int user_attributes) {
  add_empty_layer(child);
  if (chdir("/proc/self/fd") < 0) return child_failed(child, "chdir");
  forget_last_overlay(child);
  int joined = join_with_context(child, place, user_attributes);
  if (joined == 0) joined = join_with_mount(child, place, user_attributes, child->upper >= 0 ? ",volatile" : "");
  // Kernels before 5.10.
  if (joined < 0 && child->error == EINVAL) joined = join_with_mount(child, place, user_attributes, "");
  if (joined < 0) return -1;
  if (chdir("/") < 0) return child_failed(child, "chdir");
  int top = openat(child->scratch, place, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return top < 0 ? child_failed(child, "open") : top;
}

int child_overlay(struct child *child, const struct csandbox_op *op) {
  child->root = join(child, "root", op->number == 1);
  if (child->root < 0) return -1;
  struct stat status;
  if (fstat(child->root, &status) < 0) return child_failed(child, "fstat");
  child->root_device = status.st_dev;
  return 0;
}

int child_open_joined(struct child *child, const char *path, int user_attributes) {
  char place[32] = "joined";
  size_t length = strlen(place);
  place[length + write_decimal(place + length, child->joined_mounts++)] = 0;
  if (mkdirat(child->scratch, place, 0755) < 0) return child_failed(child, "mkdirat");
  int top = join(child, place, user_attributes);
  if (top < 0) return -1;
  int found = open_below(top, path);
  if (found < 0) child_failed(child, "openat2");
  close(top);
  return found;
}
