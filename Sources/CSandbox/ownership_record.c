// Where an owner is written down: in an extended attribute, or in memory where a file cannot have any.
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

const char owner_attribute[] = "user.slipway.owner";

static int can_have_attributes(const struct stat *status) {
  return S_ISREG(status->st_mode) || S_ISDIR(status->st_mode);
}

/// A decimal number that ends with `end`, moving behind it; 0 when there is none.
static int take_number(const char **text, char end, uint32_t *number) {
  uint64_t value = 0;
  const char *digit = *text;
  for (; *digit >= '0' && *digit <= '9' && value <= UINT32_MAX; digit++) value = value * 10 + (uint64_t)(*digit - '0');
  if (digit == *text || *digit != end || value > UINT32_MAX) return 0;
  *number = (uint32_t)value;
  *text = digit + 1;
  return 1;
}

/// Birth and number; 0 when the file cannot be looked at.
static int make_key(const struct call *call, int file, const struct stat *status, struct owner_record *key) {
  struct statx extended;
  if (statx(file, "", AT_EMPTY_PATH, STATX_BTIME, &extended) < 0) return 0;
  int is_known = (extended.stx_mask & STATX_BTIME) != 0;
  *key = (struct owner_record){
      .device = status->st_dev == call->root_device ? 0 : status->st_dev,
      .inode = status->st_ino,
      .seconds = is_known ? extended.stx_btime.tv_sec : 0,
      .nanoseconds = is_known ? extended.stx_btime.tv_nsec : 0,
      .is_used = 1,
  };
  return 1;
}

static int read_memory(const struct call *call, int file, const struct stat *status, uint32_t *uid, uint32_t *gid) {
  struct owner_record key;
  if (call->owners->record_count == 0 || !make_key(call, file, status, &key)) return 0;
  const struct owner_record *slot = owner_slot(call->owners, &key);
  if (!slot || !slot->is_used) return 0;
  *uid = slot->uid;
  *gid = slot->gid;
  return 1;
}

static int write_memory(const struct call *call, int file, const struct stat *status, uint32_t uid, uint32_t gid) {
  struct owner_record key;
  if (!make_key(call, file, status, &key)) return -1;
  struct owner_record *slot = owner_slot(call->owners, &key);
  if (!slot) {
    errno = ENOSPC;
    return -1;
  }
  if (!slot->is_used) call->owners->record_count++;
  key.uid = uid;
  key.gid = gid;
  *slot = key;
  return 0;
}

int owner_read(const struct call *call, int file, const struct stat *status, uint32_t *uid, uint32_t *gid) {
  *uid = status->st_uid;
  *gid = status->st_gid;
  if (!can_have_attributes(status)) return read_memory(call, file, status, uid, gid);
  char text[32];
  ssize_t length = getxattr(path_of_descriptor(file).text, owner_attribute, text, sizeof text - 1);
  if (length < 0) return errno == ENODATA ? 0 : read_memory(call, file, status, uid, gid);
  text[length] = 0;
  const char *rest = text;
  uint32_t user, group;
  if (!take_number(&rest, ':', &user) || !take_number(&rest, 0, &group)) return 0;
  *uid = user;
  *gid = group;
  return 1;
}

int owner_write(const struct call *call, int file, const struct stat *status, uint32_t uid, uint32_t gid) {
  if (!can_have_attributes(status)) return write_memory(call, file, status, uid, gid);
  struct descriptor_path path = path_of_descriptor(file);
  char text[32];
  size_t length = write_decimal(text, uid);
  text[length++] = ':';
  length += write_decimal(text + length, gid);
  int result = uid == 0 && gid == 0 ? removexattr(path.text, owner_attribute)
                                    : setxattr(path.text, owner_attribute, text, length, 0);
  if (result == 0 || errno == ENODATA) return 0;
  // Such as on the file systems of /dev.
  return errno == EOPNOTSUPP ? write_memory(call, file, status, uid, gid) : -1;
}
