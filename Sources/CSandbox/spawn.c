#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

const uint64_t csandbox_NEWNS = CLONE_NEWNS;
const uint64_t csandbox_NEWPID = CLONE_NEWPID;
const uint64_t csandbox_NEWIPC = CLONE_NEWIPC;
const uint64_t csandbox_NEWUTS = CLONE_NEWUTS;
const uint64_t csandbox_NEWNET = CLONE_NEWNET;
const uint64_t csandbox_NEWUSER = CLONE_NEWUSER;
const uint64_t csandbox_NEWCGROUP = CLONE_NEWCGROUP;
const uint64_t csandbox_NOSUID = MS_NOSUID;
const uint64_t csandbox_NODEV = MS_NODEV;
const uint64_t csandbox_NOEXEC = MS_NOEXEC;
const uint64_t csandbox_RDONLY = MS_RDONLY;

/// The first version of clone3(2)'s argument.
struct clone_request {
  _Alignas(8) uint64_t flags;
  uint64_t pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

/// A process like fork(2) makes, whose end is told by `pidfd` alone: no signal is sent, so that
/// others who wait for their children do not take ours.
static long clone_process(int32_t *pidfd) {
  struct clone_request request = {.flags = CLONE_PIDFD, .pidfd = (uintptr_t)pidfd};
  long pid = syscall(SYS_clone3, &request, sizeof request);
  // The seccomp filter of container engines knows clone but answers that there is no clone3.
  if (pid < 0 && (errno == ENOSYS || errno == EPERM)) pid = syscall(SYS_clone, CLONE_PIDFD, 0, pidfd, 0, 0);
  return pid;
}

// MARK: The thread that starts launchers, which are killed when it ends

struct job {
  int socket;
  uint64_t capabilities;
  int32_t process;
  int error;
  int done;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *current;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int thread_error;

static void *start_launchers(void *unused) {
  pthread_mutex_lock(&mutex);
  for (;;) {
    while (!current || current->done) pthread_cond_wait(&changed, &mutex);
    pid_t caller = getpid();
    long pid = clone_process(&current->process);
    if (pid == 0) launcher_main(current->socket, caller, current->capabilities);
    current->error = pid < 0 ? errno : 0;
    current->done = 1;
    pthread_cond_broadcast(&changed);
  }
  return unused;
}

static void start_thread(void) {
  // A handler of the host program must not run in a launcher before it has reset its signals.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  thread_error = pthread_create(&thread, NULL, start_launchers, NULL);
  if (thread_error == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int start_process(int socket, uint64_t capabilities, int32_t *process) {
  pthread_once(&once, start_thread);
  if (thread_error) return thread_error;
  struct job job = {.socket = socket, .capabilities = capabilities, .process = -1};
  pthread_mutex_lock(&mutex);
  while (current) pthread_cond_wait(&changed, &mutex);
  current = &job;
  pthread_cond_broadcast(&changed);
  while (!job.done) pthread_cond_wait(&changed, &mutex);
  current = NULL;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  *process = job.process;
  return job.error;
}

int csandbox_launcher_start(size_t size, uint64_t capabilities, struct csandbox_launcher *launcher) {
  int ends[2];
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return errno;
  int error = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ? errno : 0;
  if (!error) {
    *launcher = (struct csandbox_launcher){.socket = ends[0], .memory = memory, .size = size};
    error = start_process(ends[1], capabilities, &launcher->process);
    close(ends[1]);
    if (error) close(ends[0]);
  }
  if (error) munmap(memory, size);
  // Not for those that are started after it.
  else madvise(memory, size, MADV_DONTFORK);
  return error;
}

int csandbox_launch(const struct csandbox_launcher *launcher, const struct csandbox_plan *plan, int32_t *pidfd) {
  int descriptors[] = {plan->input, plan->output, plan->error_output, plan->status, plan->owners};
  int count = plan->owners < 0 ? PLAN_DESCRIPTORS - 1 : PLAN_DESCRIPTORS;
  if (child_send(launcher->socket, &plan, sizeof plan, descriptors, count) < 0) return errno;
  int32_t error;
  count = 1;
  ssize_t size = child_receive(launcher->socket, &error, sizeof error, pidfd, &count);
  if (size < 0) return errno;
  if (size != sizeof error) return EPIPE;
  return error || count == 1 ? error : EMFILE;
}

void csandbox_launcher_forget(const struct csandbox_launcher *launcher) {
  madvise(launcher->memory, launcher->size, MADV_REMOVE);
}

int32_t csandbox_launcher_end(struct csandbox_launcher *launcher) {
  siginfo_t information = {0};
  csandbox_kill(launcher->process);
  while (waitid(3 /* P_PIDFD */, launcher->process, &information, WEXITED | __WALL) < 0 && errno == EINTR) {}
  close(launcher->socket);
  close(launcher->process);
  munmap(launcher->memory, launcher->size);
  return information.si_code == CLD_EXITED ? information.si_status << 8 : information.si_status;
}

static int send_signal(int32_t pidfd, int number) {
  return syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) < 0 ? errno : 0;
}

int csandbox_kill(int32_t pidfd) { return send_signal(pidfd, SIGKILL); }

int csandbox_terminate(int32_t pidfd) { return send_signal(pidfd, SIGTERM); }

int csandbox_has_ended(int32_t pidfd) {
  struct pollfd process = {.fd = pidfd, .events = POLLIN};
  return poll(&process, 1, 0) > 0;
}

int csandbox_pipe(int32_t *read_end, int32_t *write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return errno;
  *read_end = ends[0];
  *write_end = ends[1];
  return 0;
}

int csandbox_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

uint64_t csandbox_file_system_type(const char *path) {
  struct statfs status;
  return statfs(path, &status) < 0 ? 0 : (uint64_t)status.f_type;
}

uint64_t csandbox_hard_limit(int resource) {
  uint64_t limits[2] = {0, 0};
  syscall(SYS_prlimit64, 0, resource, NULL, limits);
  return limits[1];
}

const char *const *csandbox_environment(void) { return (const char *const *)environ; }

int csandbox_set_nonblocking(int32_t descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0;
}

// MARK: Going on in a user namespace

int csandbox_spawn_in_user_namespace(
    const char *program, const char *const *arguments, const char *const *environment, int32_t ready, int32_t failure,
    int32_t *pid) {
  pid_t parent = getpid();
  long child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
  if (child < 0) return errno;
  *pid = (int32_t)child;
  if (child > 0) return 0;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  char byte;
  if (getppid() != parent || read(ready, &byte, 1) != 1) _exit(1);
  execve(program, (char *const *)arguments, (char *const *)environment);
  int32_t error = errno;
  if (write(failure, &error, sizeof error) != sizeof error) _exit(2);
  _exit(1);
}

static volatile int32_t forwarded_to;

static void forward(int number, siginfo_t *information, void *context) {
  (void)context;
  int error = errno;
  if (information->si_code <= 0) kill(forwarded_to, number);
  errno = error;
}

int csandbox_wait_forwarding_signals(int32_t pid, int32_t *status) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  struct sigaction before[4], action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};
  forwarded_to = pid;
  for (int index = 0; index < 4; index++) {
    sigaction(numbers[index], NULL, &before[index]);
    // One that is ignored, as nohup(1) does, stays so for both.
    if (before[index].sa_handler != SIG_IGN) sigaction(numbers[index], &action, NULL);
  }
  int error = 0;
  while (waitpid(pid, status, 0) < 0)
    if (errno != EINTR) {
      error = errno;
      break;
    }
  for (int index = 0; index < 4; index++) sigaction(numbers[index], &before[index], NULL);
  return error;
}
