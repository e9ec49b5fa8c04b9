// The memory that the caller and process 1 of a sandbox share.
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct csandbox_owners *shared_owners;

static struct csandbox_owners *map(int descriptor) {
  // Pages that nobody touches cost nothing.
  void *memory = mmap(NULL, sizeof *shared_owners, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

int child_map_owners(int descriptor) {
  shared_owners = map(descriptor);
  return shared_owners ? 0 : -1;
}

void child_forget_owners(void) {
  if (shared_owners) munmap(shared_owners, sizeof *shared_owners);
  shared_owners = NULL;
}

/// A file in memory that can be mapped; -1 with errno.
static int make_file(void) {
  int file = memfd_create("owners", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, sizeof *shared_owners) == 0) return file;
  close(file);
  return -1;
}

struct csandbox_owners *csandbox_owners_create(
    uint32_t uid, uint32_t gid, const uint32_t *groups, uint32_t count, int32_t *descriptor, int32_t *error) {
  *error = EINVAL;
  if (count > MAXIMUM_GROUPS) return NULL;
  *descriptor = make_file();
  struct csandbox_owners *owners = *descriptor < 0 ? NULL : map(*descriptor);
  *error = errno;
  if (!owners) {
    if (*descriptor >= 0) close(*descriptor);
    return NULL;
  }
  struct identity *first = &owners->identities[0];
  for (int which = 0; which < ID_COUNT; which++) {
    first->user[which] = uid;
    first->group[which] = gid;
  }
  first->count = count;
  if (count > 0) memcpy(first->groups, groups, count * sizeof *groups);
  owners->identity_count = 1;
  return owners;
}

void csandbox_owners_destroy(struct csandbox_owners *owners, int32_t descriptor) {
  munmap(owners, sizeof *owners);
  close(descriptor);
}

static int is_same(const struct owner_record *slot, const struct owner_record *key) {
  return slot->device == key->device && slot->inode == key->inode && slot->seconds == key->seconds &&
         slot->nanoseconds == key->nanoseconds;
}

struct owner_record *owner_slot(struct csandbox_owners *owners, const struct owner_record *key) {
  uint64_t hash = (key->inode ^ key->device << 40 ^ key->nanoseconds) * 0x9E3779B97F4A7C15;
  for (uint64_t index = hash >> 44;; index++) {
    struct owner_record *slot = &owners->records[index % RECORD_SLOTS];
    if (slot->is_used && is_same(slot, key)) return slot;
    if (!slot->is_used) return owners->record_count < RECORD_SLOTS / 4 * 3 ? slot : NULL;
  }
}

int csandbox_owners_set(
    struct csandbox_owners *owners, uint64_t inode, int64_t seconds, uint32_t nanoseconds, uint32_t uid, uint32_t gid) {
  struct owner_record record = {
      .inode = inode, .seconds = seconds, .nanoseconds = nanoseconds, .is_used = 1, .uid = uid, .gid = gid};
  struct owner_record *slot = owner_slot(owners, &record);
  if (!slot) return ENOSPC;
  if (!slot->is_used) owners->record_count++;
  *slot = record;
  return 0;
}

int csandbox_owners_get(
    struct csandbox_owners *owners, uint64_t inode, int64_t seconds, uint32_t nanoseconds, uint32_t *uid,
    uint32_t *gid) {
  struct owner_record key = {.inode = inode, .seconds = seconds, .nanoseconds = nanoseconds};
  const struct owner_record *slot = owner_slot(owners, &key);
  if (!slot || !slot->is_used) return 0;
  *uid = slot->uid;
  *gid = slot->gid;
  return 1;
}
