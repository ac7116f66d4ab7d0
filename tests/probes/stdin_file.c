// Treats stdin as a file: size by fstat, mmap, lseek; then tries to write to it by every way.
// One line each; a number after = is a value, errno= is what the attempt gave.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common.h"

static int attempt(long result) { return result < 0 ? errno : 0; }

int main(void) {
  struct stat info = {0};
  int seen = attempt(fstat(0, &info));
  say("fstat errno=%d regular=%d size=%lld\n", seen, S_ISREG(info.st_mode) != 0,
      (long long)info.st_size);
  void* map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0);
  say("mmap errno=%d first=%.5s\n", map == MAP_FAILED ? errno : 0,
      map == MAP_FAILED ? "" : (char*)map);
  char bytes[6] = {0};
  off_t end = lseek(0, -5, SEEK_END);
  ssize_t n = read(0, bytes, 5);
  say("lseek errno=%d last=%s\n", attempt(end), n > 0 ? bytes : "");
  say("write errno=%d\n", attempt(write(0, "X", 1)));
  say("ftruncate errno=%d\n", attempt(ftruncate(0, 0)));
  say("map_write errno=%d\n",
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0) == MAP_FAILED ? errno : 0);
  say("reopen_rw errno=%d\n", attempt(open("/proc/self/fd/0", O_RDWR | O_CLOEXEC)));
  say("reopen_w errno=%d\n", attempt(open("/dev/stdin", O_WRONLY | O_CLOEXEC)));
  say("reopen_r errno=%d\n", attempt(open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC)));
  return 0;
}
