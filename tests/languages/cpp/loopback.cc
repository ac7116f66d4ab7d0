// A server and its client on the loopback: TCP by name, UDP, and a socket in /tmp.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

void must(bool condition, const char* what) {
  if (!condition) {
    std::perror(what);
    std::exit(1);
  }
}

std::string ask(int server, int client, const sockaddr* address, socklen_t size) {
  std::thread serving([server] {
    const int peer = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
    must(peer >= 0, "accept4");
    char text[100] = "";
    must(recv(peer, text, sizeof text - 1, 0) > 0, "recv");
    const std::string answer = std::string("served ") + text;
    must(send(peer, answer.data(), answer.size(), MSG_NOSIGNAL) > 0, "send");
    close(peer);
  });
  must(connect(client, address, size) == 0, "connect");
  must(send(client, "hello", 5, 0) == 5, "send");
  char text[100] = "";
  must(recv(client, text, sizeof text - 1, MSG_WAITALL) > 0, "recv");
  serving.join();
  return text;
}

int tcp_server(sockaddr_in& address) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  must(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0, "setsockopt");
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  must(listen(server, 8) == 0, "listen");
  socklen_t size = sizeof address;
  must(getsockname(server, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  return server;
}

void udp() {
  const int one = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(bind(one, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  must(getsockname(one, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  const int other = socket(AF_INET, SOCK_DGRAM, 0);
  must(sendto(other, "datagram", 9, 0, reinterpret_cast<sockaddr*>(&address), size) == 9, "sendto");
  char text[100] = "";
  must(recv(one, text, sizeof text, 0) == 9, "recv");
  std::printf("UDP: %s\n", text);
}

}  // namespace

int main() {
  sockaddr_in address;
  const int server = tcp_server(address);
  addrinfo hints = {};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(ntohs(address.sin_port));
  must(getaddrinfo("localhost", port.c_str(), &hints, &found) == 0, "getaddrinfo");
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  std::printf("TCP: %s\n", ask(server, client, found->ai_addr, found->ai_addrlen).c_str());

  sockaddr_un path = {AF_UNIX, "/tmp/socket"};
  const int local = socket(AF_UNIX, SOCK_STREAM, 0);
  must(bind(local, reinterpret_cast<sockaddr*>(&path), sizeof path) == 0, "bind");
  must(listen(local, 8) == 0, "listen");
  const int user = socket(AF_UNIX, SOCK_STREAM, 0);
  std::printf("AF_UNIX: %s\n",
              ask(local, user, reinterpret_cast<sockaddr*>(&path), sizeof path).c_str());
  udp();
}
