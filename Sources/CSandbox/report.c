// How a child names things and tells its parent what happened.
#include "child.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

size_t write_decimal(char *buffer, uint32_t number) {
  char digits[10];
  size_t count = 0;
  do {
    digits[count++] = '0' + number % 10;
    number /= 10;
  } while (number);
  for (size_t index = 0; index < count; index++) buffer[index] = digits[count - 1 - index];
  return count;
}

struct descriptor_path path_of_descriptor(int descriptor) {
  struct descriptor_path path = {"/proc/self/fd/"};
  size_t length = strlen(path.text);
  path.text[length + write_decimal(path.text + length, descriptor)] = 0;
  return path;
}

int child_failed(struct child *child, const char *call) {
  child->error = errno;
  child->call = call;
  return -1;
}

void child_tell(enum csandbox_message_kind kind, int error, uint32_t op, uint32_t candidate, const char *text) {
  // One write of at most PIPE_BUF bytes is never mixed with another one's.
  static char buffer[PIPE_BUF];
  size_t length = strlen(text);
  struct csandbox_message message = {.kind = kind, .error = error, .op = op, .candidate = candidate};
  if (length > sizeof buffer - sizeof message) length = sizeof buffer - sizeof message;
  message.length = (uint32_t)length;
  memcpy(buffer, &message, sizeof message);
  memcpy(buffer + sizeof message, text, length);
  while (write(STATUS_DESCRIPTOR, buffer, sizeof message + length) < 0 && errno == EINTR) {}
}
