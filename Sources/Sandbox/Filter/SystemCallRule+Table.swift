import Glibc

/// What commands may ask of the kernel: in effect Docker's default filter, as of Docker 28. Whatever is not named here
/// fails with EPERM, and what is newer than all that is named with ENOSYS, so that programs take an older way.
///
/// Names of other architectures stand beside the rest: where there is no such call, they mean nothing.
extension SystemCallRule {
  static let table: [SystemCallRule] =
    files + processes + communication + machine + conditional + byCapability

  // MARK: What works on things that a command has anyway, and is checked by the kernel

  private static let files = [
    // Opening, reading, writing.
    SystemCallRule(
      """
      open openat openat2 creat close close_range read readv pread64 preadv preadv2 write writev pwrite64 pwritev
      pwritev2 lseek _llseek readahead fadvise64 fadvise64_64 arm_fadvise64_64 fallocate truncate truncate64 ftruncate
      ftruncate64 copy_file_range sendfile sendfile64 splice tee vmsplice sync syncfs fsync fdatasync sync_file_range
      sync_file_range2 arm_sync_file_range cachestat io_setup io_submit io_getevents io_pgetevents io_pgetevents_time64
      io_cancel io_destroy
      """),
    // Names, folders, links, special files, where one is.
    SystemCallRule(
      """
      access faccessat faccessat2 chdir fchdir getcwd getdents getdents64 link linkat mkdir mkdirat mknod mknodat
      readlink readlinkat rename renameat renameat2 rmdir symlink symlinkat umask unlink unlinkat name_to_handle_at
      """),
    // Attributes, and what is told of file systems.
    SystemCallRule(
      """
      stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 statmount
      listmount chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 utime utimes
      utimensat utimensat_time64 futimesat getxattr getxattrat fgetxattr lgetxattr setxattr setxattrat fsetxattr
      lsetxattr listxattr listxattrat flistxattr llistxattr removexattr removexattrat fremovexattr lremovexattr
      """),
    // Descriptors, and waiting for them.
    SystemCallRule(
      """
      dup dup2 dup3 fcntl fcntl64 flock ioctl pipe pipe2 poll ppoll ppoll_time64 select _newselect pselect6
      pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait
      epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
      timerfd_settime64 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark
      """),
  ]

  private static let processes = [
    // Beginning and ending; clone is told below.
    SystemCallRule(
      """
      fork vfork execve execveat exit exit_group wait4 waitid waitpid pidfd_open process_mrelease kill tkill tgkill
      pidfd_send_signal
      """),
    // Who a process is; more rights than it has cannot come from it.
    SystemCallRule(
      """
      getpid getppid gettid getpgid getpgrp setpgid getsid setsid getuid getuid32 geteuid geteuid32 getgid getgid32
      getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid
      setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setgroups
      setgroups32 setfsuid setfsuid32 setfsgid setfsgid32 capget capset prctl arch_prctl
      """),
    // Fewer rights for itself.
    SystemCallRule("seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self"),
    // Signals.
    SystemCallRule(
      """
      alarm pause sigaltstack sigprocmask sigreturn rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
      rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo restart_syscall
      """),
    // Memory and threads.
    SystemCallRule(
      """
      brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall mseal
      remap_file_pages memfd_create memfd_secret map_shadow_stack pkey_alloc pkey_free pkey_mprotect membarrier futex
      futex_time64 futex_wait futex_wake futex_waitv futex_requeue get_robust_list set_robust_list rseq
      set_tid_address get_thread_area set_thread_area modify_ldt
      """),
    // Tools that look into other processes of their user, or into themselves. Kernels before 4.8 let ptrace past the
    // filter; Slipway needs a newer one in any case.
    SystemCallRule("ptrace process_vm_readv process_vm_writev uretprobe"),
    // What only some processors have.
    SystemCallRule("breakpoint cacheflush set_tls riscv_flush_icache riscv_hwprobe"),
  ]

  private static let communication = [
    // Sockets; which kinds can be made is told below.
    SystemCallRule(
      """
      accept accept4 bind connect getpeername getsockname getsockopt setsockopt listen recv recvfrom recvmmsg
      recvmmsg_time64 recvmsg send sendto sendmmsg sendmsg shutdown socketpair socketcall
      """),
    // Queues, semaphores and shared memory, of System V and of POSIX.
    SystemCallRule(
      """
      ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget mq_open
      mq_unlink mq_getsetattr mq_notify mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
      """),
  ]

  private static let machine = [
    // The time. To set it takes a capability.
    SystemCallRule(
      """
      time times gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep
      clock_nanosleep_time64 nanosleep adjtimex clock_adjtime clock_adjtime64 getitimer setitimer timer_create
      timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
      """),
    // Shares of the machine.
    SystemCallRule(
      """
      getcpu getpriority setpriority getrlimit ugetrlimit setrlimit prlimit64 getrusage ioprio_get ioprio_set
      sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler
      sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval
      sched_rr_get_interval_time64 sched_yield
      """),
    // What it is.
    SystemCallRule("uname sysinfo getrandom"),
  ]

  // MARK: What depends on arguments

  /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
  private static let namespaces: UInt64 = 0x7E02_0000

  private static let conditional =
    [
      // Threads and processes, but no namespaces. The flags of clone3 lie in memory, where a filter cannot look; C
      // libraries take clone where there is no clone3.
      SystemCallRule("clone") {
        $0.condition = Condition(argument: 0, mask: namespaces, value: 0)
        $0.absentCapability = .systemAdministration
      },
      SystemCallRule("clone3") {
        $0.answer = .fail(ENOSYS)
        $0.absentCapability = .systemAdministration
      },
    ]
    // Domains up to 63 but AF_ALG (38), the kernel's cryptography, which no build needs and which had holes (Docker
    // refuses it since 29), and AF_VSOCK (40), which reaches the machine below a virtual one: blocks of numbers, by the
    // bits that they share. The kernel looks at 32 bits.
    + [(0, 32), (32, 4), (36, 2), (39, 1), (41, 1), (42, 2), (44, 4), (48, 16)].map { (first: UInt64, count: UInt64) in
      SystemCallRule("socket") {
        $0.condition = Condition(argument: 0, mask: 0xFFFF_FFFF & ~(count - 1), value: first)
      }
    }
    // PER_LINUX, PER_LINUX32, UNAME26 for both, and the question for the present one. Others weaken the kernel's
    // defences.
    + [0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF].map { value in
      SystemCallRule("personality") { $0.condition = Condition(argument: 0, value: value) }
    }

  // MARK: What depends on capabilities

  private static let byCapability: [SystemCallRule] = [
    ("open_by_handle_at", 2),  // CAP_DAC_READ_SEARCH
    ("init_module finit_module delete_module", 16),  // CAP_SYS_MODULE
    ("iopl ioperm", 17),  // CAP_SYS_RAWIO
    ("chroot", 18),  // CAP_SYS_CHROOT
    ("kcmp pidfd_getfd process_madvise", 19),  // CAP_SYS_PTRACE
    ("acct", 20),  // CAP_SYS_PACCT
    (
      """
      bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
      lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
      sethostname setns syslog umount umount2 unshare
      """, 21  // CAP_SYS_ADMIN
    ),
    ("reboot", 22),  // CAP_SYS_BOOT
    ("get_mempolicy mbind set_mempolicy set_mempolicy_home_node", 23),  // CAP_SYS_NICE
    ("settimeofday stime clock_settime clock_settime64", 25),  // CAP_SYS_TIME
    ("vhangup", 26),  // CAP_SYS_TTY_CONFIG
    ("syslog", 34),  // CAP_SYSLOG
    ("perf_event_open", 38),  // CAP_PERFMON
    ("bpf", 39),  // CAP_BPF
  ].map { names, number in SystemCallRule(names) { $0.capabilities = Capabilities(rawValue: 1 << number) } }
}
