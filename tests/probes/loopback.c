// loopback 4|6 ADDRESS...: what the loopback interface is good for, and what every other address
// says: one line each. 4: there is no IPv6.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common.h"

// An address of either family; returns its size.
static socklen_t address_of(const char* text, unsigned short port,
                            struct sockaddr_storage* address) {
  memset(address, 0, sizeof *address);
  struct sockaddr_in* four = (struct sockaddr_in*)address;
  struct sockaddr_in6* six = (struct sockaddr_in6*)address;
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    return sizeof *four;
  }
  inet_pton(AF_INET6, text, &six->sin6_addr);
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(port);
  return sizeof *six;
}

static void try_outside(const char* text, int type) {
  struct sockaddr_storage to;
  const socklen_t size = address_of(text, 80, &to);
  int fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  long result = type == SOCK_STREAM ? connect(fd, (struct sockaddr*)&to, size)
                                    : sendto(fd, "x", 1, 0, (struct sockaddr*)&to, size);
  say("%s %s %s\n", type == SOCK_STREAM ? "tcp" : "udp", text,
      result < 0 ? strerrorname_np(errno) : "sent");
  close(fd);
}

// A server at `here`, asked at `there` by another process of its own.
static void serve(const char* here, const char* there, int type) {
  struct sockaddr_storage bound;
  socklen_t size = address_of(here, 0, &bound);
  int fd = socket(bound.ss_family, type | SOCK_CLOEXEC, 0);
  int good = bind(fd, (struct sockaddr*)&bound, size) == 0 &&
             (type == SOCK_DGRAM || listen(fd, 1) == 0) &&
             getsockname(fd, (struct sockaddr*)&bound, &size) == 0;
  const unsigned short port = ntohs(((struct sockaddr_in*)&bound)->sin_port);  // the same in both
  if (good && fork() == 0) {
    struct sockaddr_storage to;
    size = address_of(there, port, &to);
    int client = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
    if (connect(client, (struct sockaddr*)&to, size) == 0) {
      write_all(client, "hello", 5);
    }
    _exit(0);
  }
  char heard[6] = {0};
  if (good) {
    int from = type == SOCK_STREAM ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : fd;
    ssize_t n = read(from, heard, 5);
    (void)n;
  }
  say("%s at %s asked at %s: %s\n", type == SOCK_STREAM ? "tcp" : "udp", here, there, heard);
  close(fd);
}

static void serve_abstract(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0loopback"};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int good = bind(fd, (struct sockaddr*)&address, sizeof address) == 0 && listen(fd, 1) == 0 &&
             connect(client, (struct sockaddr*)&address, sizeof address) == 0;
  say("abstract %s\n", good ? "connected" : strerrorname_np(errno));
}

int main(int argc, char** argv) {
  alarm(20);
  serve("127.0.0.1", "127.0.0.1", SOCK_STREAM);
  serve("0.0.0.0", "127.0.0.2", SOCK_STREAM);
  serve("0.0.0.0", "0.0.0.0", SOCK_STREAM);
  serve("127.0.0.1", "127.0.0.1", SOCK_DGRAM);
  if (argc > 1 && argv[1][0] == '6') {
    serve("::1", "::1", SOCK_STREAM);
    serve("::", "::1", SOCK_STREAM);
    serve("::", "127.0.0.1", SOCK_STREAM);
    serve("::1", "::1", SOCK_DGRAM);
  }
  serve_abstract();
  for (int i = 2; i < argc; ++i) {
    try_outside(argv[i], SOCK_STREAM);
    try_outside(argv[i], SOCK_DGRAM);
  }
  return 0;
}
