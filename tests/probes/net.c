// net PORT [ABSTRACT]: tries to reach the host: PORT on 127.0.0.1 and ::1, 192.0.2.1, the abstract
// socket ABSTRACT; then talks to itself over loopback and over a socket in /tmp. A line each.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common.h"

static int connect_v4(const char* address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int result = fd < 0 ? fd : connect(fd, (struct sockaddr*)&to, sizeof to);
  int err = result < 0 ? errno : 0;
  if (fd >= 0) {
    close(fd);
  }
  return err;
}

static int connect_v6(int port) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
  to.sin6_addr = in6addr_loopback;
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int result = fd < 0 ? fd : connect(fd, (struct sockaddr*)&to, sizeof to);
  return result < 0 ? errno : 0;
}

static int connect_abstract(const char* name) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  size_t size = strlen(name);
  memcpy(to.sun_path + 1, name, size);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
  int result = fd < 0 ? fd : connect(fd, (struct sockaddr*)&to, length);
  return result < 0 ? errno : 0;
}

static int talk_to_self(void) {
  struct sockaddr_in here = {.sin_family = AF_INET};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server < 0 || bind(server, (struct sockaddr*)&here, sizeof here) != 0 ||
      listen(server, 1) != 0 || getsockname(server, (struct sockaddr*)&here, &size) != 0) {
    return errno;
  }
  return connect_v4("127.0.0.1", ntohs(here.sin_port));
}

int main(int argc, char** argv) {
  int port = argc > 1 ? atoi(argv[1]) : 9;
  say("host_v4 errno=%d\n", connect_v4("127.0.0.1", port));
  say("host_v6 errno=%d\n", connect_v6(port));
  say("outside errno=%d\n", connect_v4("192.0.2.1", 80));
  say("self errno=%d\n", talk_to_self());
  if (argc > 2) {
    say("abstract errno=%d\n", connect_abstract(argv[2]));
  }
  // By /proc: if_nameindex asks a netlink socket, which is denied.
  FILE* devices = fopen("/proc/self/net/dev", "re");
  char line[512];
  while (devices != NULL && fgets(line, sizeof line, devices) != NULL) {
    char name[64];
    if (strchr(line, ':') != NULL && sscanf(line, " %63[^:]", name) == 1) {
      say("interface %s\n", name);
    }
  }
  return 0;
}
