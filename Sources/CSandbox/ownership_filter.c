// The filter that hands system calls about owners to process 1 (seccomp_unotify(2)).
#define _GNU_SOURCE
#include "ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "name the architecture as audit(7) does"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ASK(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), ANSWER(SECCOMP_RET_USER_NOTIF)
/// Opening is of interest where it may make a file. The machine is little-endian.
#define ASK_IF_IT_MAKES(number, flags)                                                                                \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4), LOAD(args[flags]),                                               \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT | (O_TMPFILE & ~O_DIRECTORY), 0, 1),                               \
      ANSWER(SECCOMP_RET_USER_NOTIF), ANSWER(SECCOMP_RET_ALLOW)

/// The limit on locks says who a process is: what programs set it to is forgotten, and they are told that it was done.
/// Asking for it, with a null pointer for the new one, is no harm.
#define KEEP_LIMIT                                                                                                    \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 8), LOAD(args[1]),                                            \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LIMIT_ON_LOCKS, 0, 4), LOAD(args[2]),                                       \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),                                                                   \
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]) + 4),                                 \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), ANSWER(SECCOMP_RET_ALLOW), ANSWER(SECCOMP_RET_ERRNO | 0),         \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setrlimit, 0, 4), LOAD(args[0]),                                        \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LIMIT_ON_LOCKS, 0, 1), ANSWER(SECCOMP_RET_ERRNO | 0),                       \
      ANSWER(SECCOMP_RET_ALLOW)

#define ASK_IF_IT_KEEPS                                                                                               \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 4), LOAD(args[0]),                                                \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_KEEPCAPS, 0, 1), ANSWER(SECCOMP_RET_USER_NOTIF),                     \
      ANSWER(SECCOMP_RET_ALLOW)

static struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0),
    ANSWER(SECCOMP_RET_ALLOW),
    LOAD(nr),
    ASK_IF_IT_MAKES(SYS_openat, 2),
    ASK(SYS_openat2),
    ASK(SYS_newfstatat),
    ASK(SYS_fstat),
    ASK(SYS_statx),
    ASK(SYS_fchown),
    ASK(SYS_fchownat),
    ASK(SYS_mkdirat),
    ASK(SYS_mknodat),
    ASK(SYS_symlinkat),
    ASK(SYS_execve),
    ASK(SYS_execveat),
    ASK(SYS_listxattr),
    ASK(SYS_llistxattr),
    ASK(SYS_flistxattr),
    ASK(SYS_getuid),
    ASK(SYS_geteuid),
    ASK(SYS_getgid),
    ASK(SYS_getegid),
    ASK(SYS_getresuid),
    ASK(SYS_getresgid),
    ASK(SYS_getgroups),
    ASK(SYS_setuid),
    ASK(SYS_setgid),
    ASK(SYS_setreuid),
    ASK(SYS_setregid),
    ASK(SYS_setresuid),
    ASK(SYS_setresgid),
    ASK(SYS_setfsuid),
    ASK(SYS_setfsgid),
    ASK(SYS_setgroups),
    KEEP_LIMIT,
    ASK_IF_IT_KEEPS,
#ifdef SYS_open
    ASK_IF_IT_MAKES(SYS_open, 1),
    ASK(SYS_creat),
    ASK(SYS_stat),
    ASK(SYS_lstat),
    ASK(SYS_chown),
    ASK(SYS_lchown),
    ASK(SYS_mkdir),
    ASK(SYS_mknod),
    ASK(SYS_symlink),
#endif
    ANSWER(SECCOMP_RET_ALLOW),
};

static int install(void) {
  const struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  // A call that was interrupted after it was answered would be made twice.
  long listener = syscall(
      SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
  if (listener < 0 && errno == EINVAL) listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  return (int)listener;
}

int child_record_owners(struct child *child) {
  int listener = install();
  if (listener < 0) return child_failed(child, "seccomp");
  char byte = 0;
  if (child_send(child->owners, &byte, 1, &listener, 1) < 0) return child_failed(child, "sendmsg");
  close(listener);
  close(child->owners);
  return 0;
}
