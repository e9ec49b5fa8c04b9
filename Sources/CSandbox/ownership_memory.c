// The memory that the caller and process 1 of a sandbox share.
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct csandbox_owners *csandbox_owners_create(
    uint32_t uid, uint32_t gid, const uint32_t *groups, uint32_t count, int32_t *error) {
  if (count > MAXIMUM_GROUPS) {
    *error = EINVAL;
    return NULL;
  }
  // Pages that nobody touches cost nothing.
  struct csandbox_owners *owners = mmap(
      NULL, sizeof *owners, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (owners == MAP_FAILED) {
    *error = errno;
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

void csandbox_owners_destroy(struct csandbox_owners *owners) { munmap(owners, sizeof *owners); }

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
