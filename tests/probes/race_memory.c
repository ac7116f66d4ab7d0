// Makes calls whose arguments are pointers while another thread rewrites what they point to, many
// times each. Prints how many there were and how many were not refused with EACCES.
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "common.h"

static char path[32] = "/dev/null";
static struct open_how how;
static struct sockaddr_un address;
static atomic_int over;

static void* rewrite(void* unused) {
  (void)unused;
  while (!atomic_load(&over)) {
    memcpy(path, "/etc/passwd", 12);
    how.flags = O_RDWR;
    address.sun_family = AF_INET;
    memcpy(path, "/proc/self/exe", 15);
    how.flags = O_RDONLY;
    address.sun_family = AF_UNIX;
  }
  return NULL;
}

int main(int argc, char** argv) {
  int calls = 0;
  int passed = 0;
  int rounds = argc > 1 ? atoi(argv[1]) : 100;
  pthread_t thread;
  pthread_create(&thread, NULL, rewrite, NULL);
  for (int i = 0; i < rounds; ++i) {
    long results[] = {
        syscall(SYS_openat, AT_FDCWD, path, O_RDONLY),
        errno,
        syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how),
        errno,
        syscall(SYS_connect, 0, &address, sizeof address),
        errno,
        // As the sandbox itself started this program.
        syscall(SYS_execve, path, argv, NULL),
        errno,
    };
    for (int k = 0; k < 8; k += 2) {
      ++calls;
      passed += results[k] != -1 || results[k + 1] != EACCES;
    }
  }
  atomic_store(&over, 1);
  pthread_join(thread, NULL);
  say("calls=%d passed=%d\n", calls, passed);
  return 0;
}
