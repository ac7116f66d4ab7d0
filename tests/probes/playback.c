// Writes as Go programs built with -tags=faketime do: each argument is one write.
// o5=text, e5=text: five seconds after their start, on stdout or stderr; t=text, u=text: without a
// header there; c: the first ten bytes of a header on stdout; s200: sleeps as many milliseconds.
#include "common.h"

static void put(int fd, const void* bytes, size_t size) {
  if (write(fd, bytes, size) != (ssize_t)size) {
    _exit(1);
  }
}

static void put_header(int fd, unsigned long long seconds, size_t length, size_t size) {
  unsigned char header[16] = {0, 0, 'P', 'B'};
  const unsigned long long ns = (1257894000ULL + seconds) * 1000000000ULL;
  for (int i = 0; i < 8; ++i) {
    header[4 + i] = (unsigned char)(ns >> (56 - 8 * i));
  }
  for (int i = 0; i < 4; ++i) {
    header[12 + i] = (unsigned char)(length >> (24 - 8 * i));
  }
  put(fd, header, size);
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const int fd = argv[i][0] == 'e' || argv[i][0] == 'u' ? 2 : 1;
    const char* text = strchr(argv[i], '=');
    text = text == NULL ? "" : text + 1;
    if (argv[i][0] == 's') {
      usleep((useconds_t)atoi(argv[i] + 1) * 1000);
      continue;
    }
    if (argv[i][0] != 't' && argv[i][0] != 'u') {
      put_header(fd, strtoull(argv[i] + 1, NULL, 10), strlen(text), argv[i][0] == 'c' ? 10 : 16);
    }
    put(fd, text, strlen(text));
  }
  return 0;
}
