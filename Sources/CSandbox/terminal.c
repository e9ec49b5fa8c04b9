// Terminals for commands that people talk to.
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int csandbox_open_terminal(int32_t *master, int32_t *slave) {
  *master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (*master < 0) return errno;
  int unlocked = 0;
  // By the descriptor: its name in /dev/pts need not be visible here.
  *slave = ioctl(*master, TIOCSPTLCK, &unlocked) < 0 ? -1 : ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*slave >= 0) return 0;
  int error = errno;
  close(*master);
  return error;
}

int csandbox_copy_window(int32_t from, int32_t to) {
  struct winsize size;
  return ioctl(from, TIOCGWINSZ, &size) < 0 || ioctl(to, TIOCSWINSZ, &size) < 0 ? errno : 0;
}
