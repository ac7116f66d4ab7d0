// channel send|receive|both FILE: tries every way in which two runs at one time could tell each
// other a bit. `send` says 1 in all of them, prints "ready" and goes on until it is ended.
// `receive` prints "NAME=BIT" for each, 1 where it sees what the sender does. `both` is the two in
// one run, which shows that the probe works. FILE: something that both see and neither may write.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "common.h"

enum { ipc_key = 0x5b0c, port = 45679, wait_ms = 400 };
static const char* const paths[] = {"/dev/shm/said", "/tmp/said", "/workspace/said"};
static volatile sig_atomic_t signals;

static void count_signal(int number) {
  (void)number;
  ++signals;
}

static struct sockaddr_un abstract_name(socklen_t* size) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0channel"};
  *size = offsetof(struct sockaddr_un, sun_path) + 8;
  return address;
}

static struct sockaddr_in loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static struct flock whole_file(short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
  return lock;
}

// Opened for reading, so that a write lock is out of reach and a read lock is what can be had.
static void take_locks(const char* file) {
  flock(open(file, O_RDONLY | O_CLOEXEC), LOCK_EX | LOCK_NB);
  struct flock lock = whole_file(F_RDLCK);
  fcntl(open(file, O_RDONLY | O_CLOEXEC), F_OFD_SETLK, &lock);
  lock = whole_file(F_RDLCK);
  fcntl(open(file, O_RDONLY | O_CLOEXEC), F_SETLK, &lock);
}

static void send_all(const char* file) {
  signal(SIGUSR1, count_signal);
  shmget(ipc_key, 4096, IPC_CREAT | 0666);
  semget(ipc_key, 1, IPC_CREAT | 0666);
  msgget(ipc_key, IPC_CREAT | 0666);
  syscall(SYS_mq_open, "channel", O_CREAT | O_RDWR, 0666, NULL);
  syscall(SYS_add_key, "user", "channel", "1", 1, -4 /* the user's keyring */);
  socklen_t size;
  struct sockaddr_un name = abstract_name(&size);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bind(fd, (struct sockaddr*)&name, size);
  listen(fd, 8);
  struct sockaddr_in address = loopback();
  fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bind(fd, (struct sockaddr*)&address, sizeof address);
  listen(fd, 8);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i) {
    close(open(paths[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
  }
  take_locks(file);
  say("ready\n");
  char byte;
  for (;;) {
    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (read(fd, &byte, 1) != 1) {
      say("nothing to read\n");
    }
    close(fd);
    usleep(1000);
    if (signals > 0) {
      say("signalled\n");
      signals = 0;
    }
  }
}

static void report(const char* name, int bit) { say("%s=%d\n", name, bit != 0); }

static void receive_locks(const char* file) {
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  report("flock", flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK);
  flock(fd, LOCK_UN);
  struct flock lock = whole_file(F_WRLCK);
  report("ofd_lock", fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);
  lock = whole_file(F_WRLCK);
  report("posix_lock", fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);
  close(fd);
}

static void receive_events(const char* file) {
  int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  inotify_add_watch(events, file, IN_OPEN | IN_ACCESS | IN_CLOSE);
  struct pollfd poller = {.fd = events, .events = POLLIN};
  report("inotify", events >= 0 && poll(&poller, 1, wait_ms) > 0);
  char folder[256];
  snprintf(folder, sizeof folder, "%s", file);
  *strrchr(folder, '/') = '\0';
  signals = 0;
  signal(SIGIO, count_signal);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MULTISHOT);
  for (int i = 0; i < wait_ms && signals == 0; ++i) {
    usleep(1000);
  }
  report("dnotify", signals > 0);
  signal(SIGIO, SIG_IGN);
  close(fd);
}

static void receive_all(const char* file) {
  report("sysv_shm", shmget(ipc_key, 0, 0) >= 0);
  report("sysv_sem", semget(ipc_key, 0, 0) >= 0);
  report("sysv_msg", msgget(ipc_key, 0) >= 0);
  report("posix_mq", syscall(SYS_mq_open, "channel", O_RDONLY, 0, NULL) >= 0);
  report("keyring", syscall(SYS_request_key, "user", "channel", NULL, 0) >= 0);
  socklen_t size;
  struct sockaddr_un name = abstract_name(&size);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  report("abstract_socket", connect(fd, (struct sockaddr*)&name, size) == 0);
  struct sockaddr_in address = loopback();
  fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  report("loopback", connect(fd, (struct sockaddr*)&address, sizeof address) == 0);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i) {
    struct stat status;
    report(paths[i], lstat(paths[i], &status) == 0);
  }
  int others = 0;
  for (int pid = 2; pid < 400; ++pid) {
    others += pid != getpid() && kill(pid, 0) == 0;
  }
  report("pids", others > 1);  // one is the sandbox's own
  DIR* proc = opendir("/proc");
  others = 0;
  for (struct dirent* entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
    others += atoi(entry->d_name) > 1 && atoi(entry->d_name) != getpid();
  }
  report("proc", others > 0);
  kill(-1, SIGUSR1);  // all that can be reached; the sender would say so
  receive_locks(file);
  receive_events(file);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  if (strcmp(argv[1], "send") == 0) {
    send_all(argv[2]);
  }
  if (strcmp(argv[1], "both") == 0) {
    if (fork() == 0) {
      send_all(argv[2]);
    }
    usleep(wait_ms * 1000);
  }
  receive_all(argv[2]);
  return 0;
}
