// Who a process believes to be.
//
// What the kernel keeps for a process, hands down to those that it starts, and lets others set is a place to write that
// down without following every fork: the soft limit on locks, which nothing uses since Linux 2.4 (setrlimit(2)).
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Limits from here on are numbers of identities; any other is the first one.
#define FIRST_MARK (UINT64_C(0x511B) << 40)

struct limit {
  uint64_t soft, hard;
};

const struct identity *identity_of(const struct call *call) {
  struct limit limit = {0, 0};
  syscall(SYS_prlimit64, call->process, LIMIT_ON_LOCKS, NULL, &limit);
  uint64_t index = limit.soft - FIRST_MARK;
  return &call->owners->identities[limit.soft >= FIRST_MARK && index < call->owners->identity_count ? index : 0];
}

static int is_same(const struct identity *first, const struct identity *second) {
  return memcmp(first, second, offsetof(struct identity, groups)) == 0 &&
         memcmp(first->groups, second->groups, first->count * sizeof *first->groups) == 0;
}

int identity_set(const struct call *call, const struct identity *identity) {
  struct csandbox_owners *owners = call->owners;
  uint32_t index = 0;
  while (index < owners->identity_count && !is_same(&owners->identities[index], identity)) index++;
  if (index == MAXIMUM_IDENTITIES) {
    errno = EAGAIN;
    return -1;
  }
  if (index == owners->identity_count) {
    owners->identities[index] = *identity;
    owners->identity_count++;
  }
  struct limit limit;
  if (syscall(SYS_prlimit64, call->process, LIMIT_ON_LOCKS, NULL, &limit) < 0) return -1;
  limit.soft = FIRST_MARK + index;
  return (int)syscall(SYS_prlimit64, call->process, LIMIT_ON_LOCKS, &limit, NULL);
}

int identity_has_group(const struct identity *identity, uint32_t group) {
  if (identity->group[FOR_FILES] == group) return 1;
  for (uint32_t index = 0; index < identity->count; index++)
    if (identity->groups[index] == group) return 1;
  return 0;
}

/// What a process took from its own capabilities was taken by the kernel, which believes it to be root.
int identity_may(const struct call *call, const struct identity *identity, enum which_id which, int capability) {
  if (identity->user[which] == 0) return 1;
  if (!identity->kept) return 0;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = call->process};
  struct __user_cap_data_struct sets[2] = {{0, 0, 0}};
  return syscall(SYS_capget, &header, sets) == 0 && sets[0].effective >> capability & 1;
}

static int is_root(const struct identity *identity) {
  return identity->user[REAL] == 0 || identity->user[EFFECTIVE] == 0 || identity->user[SAVED] == 0;
}

static const uint32_t unchanged = UINT32_MAX;

static int is_one_of(const uint32_t *ids, uint32_t id, int count) {
  for (int which = 0; which < count; which++)
    if (ids[which] == id) return 1;
  return 0;
}

// The rules of credentials(7). `all` says whether every id may be taken.

static int set_one(uint32_t *ids, uint32_t id, int all) {
  if (id == unchanged) return EINVAL;
  if (!all && id != ids[REAL] && id != ids[SAVED]) return EPERM;
  if (all) ids[REAL] = ids[SAVED] = id;
  ids[EFFECTIVE] = ids[FOR_FILES] = id;
  return 0;
}

static int set_two(uint32_t *ids, uint32_t real, uint32_t effective, int all) {
  uint32_t old = ids[REAL];
  if (!all && real != unchanged && !is_one_of(ids, real, 2)) return EPERM;
  if (!all && effective != unchanged && !is_one_of(ids, effective, 3)) return EPERM;
  if (real != unchanged) ids[REAL] = real;
  if (effective != unchanged) ids[EFFECTIVE] = effective;
  if (real != unchanged || (effective != unchanged && effective != old)) ids[SAVED] = ids[EFFECTIVE];
  ids[FOR_FILES] = ids[EFFECTIVE];
  return 0;
}

static int set_three(uint32_t *ids, const uint64_t *arguments, int all) {
  for (int which = REAL; which <= SAVED; which++) {
    uint32_t id = (uint32_t)arguments[which];
    if (id != unchanged && !all && !is_one_of(ids, id, 3)) return EPERM;
  }
  uint32_t before[3] = {ids[REAL], ids[EFFECTIVE], ids[SAVED]};
  for (int which = REAL; which <= SAVED; which++)
    ids[which] = (uint32_t)arguments[which] == unchanged ? before[which] : (uint32_t)arguments[which];
  ids[FOR_FILES] = ids[EFFECTIVE];
  return 0;
}

static struct answer store(const struct call *call, struct identity *identity, int error) {
  if (error) return answer_error(error);
  if (is_root(identity)) identity->kept = 0;
  else if (is_root(identity_of(call))) identity->kept = identity->keeps;
  return identity_set(call, identity) < 0 ? answer_error(errno) : answer_value(0);
}

/// The old one, whether or not it could be changed.
static struct answer set_for_files(const struct call *call, struct identity *identity, uint32_t *ids, int all) {
  uint32_t old = ids[FOR_FILES], id = (uint32_t)call->arguments[0];
  if (id != unchanged && (all || is_one_of(ids, id, ID_COUNT))) {
    ids[FOR_FILES] = id;
    identity_set(call, identity);
  }
  return answer_value(old);
}

static struct answer set_groups(const struct call *call, struct identity *identity, int all) {
  if (!all) return answer_error(EPERM);
  uint64_t count = (uint32_t)call->arguments[0];
  if (count > MAXIMUM_GROUPS) return answer_error(EINVAL);
  size_t size = count * sizeof *identity->groups;
  if (size > 0 && target_read(call, call->arguments[1], identity->groups, size) != (ssize_t)size)
    return answer_error(EFAULT);
  identity->count = (uint32_t)count;
  return store(call, identity, 0);
}

static struct answer get_groups(const struct call *call, const struct identity *identity) {
  int32_t room = (int32_t)call->arguments[0];
  if (room < 0 || (room > 0 && (uint32_t)room < identity->count)) return answer_error(EINVAL);
  size_t size = identity->count * sizeof *identity->groups;
  if (room > 0 && size > 0 && target_write(call, call->arguments[1], identity->groups, size) < 0)
    return answer_error(errno);
  return answer_value(identity->count);
}

static struct answer get_three(const struct call *call, const uint32_t *ids) {
  for (int which = REAL; which <= SAVED; which++)
    if (target_write(call, call->arguments[which], &ids[which], sizeof *ids) < 0) return answer_error(errno);
  return answer_value(0);
}

struct answer identity_answer(const struct call *call) {
  struct identity now = *identity_of(call);
  const uint64_t *arguments = call->arguments;
  uint32_t first = (uint32_t)arguments[0], second = (uint32_t)arguments[1];
  int all = identity_may(call, &now, EFFECTIVE, CAP_SETUID), groups = identity_may(call, &now, EFFECTIVE, CAP_SETGID);
  switch (call->number) {
  case SYS_getuid: return answer_value(now.user[REAL]);
  case SYS_geteuid: return answer_value(now.user[EFFECTIVE]);
  case SYS_getgid: return answer_value(now.group[REAL]);
  case SYS_getegid: return answer_value(now.group[EFFECTIVE]);
  case SYS_getresuid: return get_three(call, now.user);
  case SYS_getresgid: return get_three(call, now.group);
  case SYS_getgroups: return get_groups(call, &now);
  case SYS_setuid: return store(call, &now, set_one(now.user, first, all));
  case SYS_setgid: return store(call, &now, set_one(now.group, first, groups));
  case SYS_setreuid: return store(call, &now, set_two(now.user, first, second, all));
  case SYS_setregid: return store(call, &now, set_two(now.group, first, second, groups));
  case SYS_setresuid: return store(call, &now, set_three(now.user, arguments, all));
  case SYS_setresgid: return store(call, &now, set_three(now.group, arguments, groups));
  case SYS_setfsuid: return set_for_files(call, &now, now.user, all);
  case SYS_setfsgid: return set_for_files(call, &now, now.group, groups);
  case SYS_setgroups: return set_groups(call, &now, groups);
  case SYS_prctl:
    now.keeps = arguments[1] == 1;
    identity_set(call, &now);
    return answer_kernel();
  default: return answer_kernel();
  }
}
