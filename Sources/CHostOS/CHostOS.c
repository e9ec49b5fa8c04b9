#define _GNU_SOURCE
#include "CHostOS.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const int hostos_O_PATH = O_PATH;
const uint64_t hostos_RESOLVE_IN_ROOT = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

int hostos_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
  long result;
  // Where something is mounted or renamed meanwhile, anywhere on the machine, the kernel does not know whether ".." left
  // the root, and wants to be asked again (openat2(2), EAGAIN).
  do result = syscall(SYS_openat2, directory, path, &how, sizeof how);
  while (result < 0 && errno == EAGAIN);
  return result < 0 ? -errno : (int)result;
}

int hostos_rename_noreplace(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

int hostos_memory_file(const char *name) {
  int descriptor = memfd_create(name, MFD_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

void hostos_begin_synchronizing(int descriptor, int64_t offset, int64_t length) {
  (void)sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

uint64_t hostos_makedev(uint32_t major_number, uint32_t minor_number) { return makedev(major_number, minor_number); }

uint32_t hostos_major(uint64_t device) { return major(device); }

uint32_t hostos_minor(uint64_t device) { return minor(device); }
