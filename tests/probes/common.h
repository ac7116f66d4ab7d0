// What most probes share: whole writes to a descriptor and a line of formatted text.
// Must not hold behaviour worth testing.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, data, size);
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return;
    }
    data += n;
    size -= (size_t)n;
  }
}

// Unbuffered, so that nothing is lost or doubled when a probe forks or is killed.
__attribute__((format(printf, 1, 2))) static inline void say(const char* format, ...) {
  char line[4096];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (n > 0) {
    write_all(1, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
  }
}

static inline void sleep_forever(void) {
  for (;;) {
    pause();
  }
}
