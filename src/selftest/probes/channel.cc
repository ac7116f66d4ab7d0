// Every way in which two runs could tell each other a bit: one says 1, the other looks.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
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
#include <unistd.h>

#include "selftest/probes/probe.h"

namespace sb::selftest::probes {
namespace {

constexpr key_t ipc_key = 0x5e1f;
constexpr unsigned port = 45683;
constexpr int wait_ms = 100;
constexpr std::array paths = {"/dev/shm/said", "/tmp/said", "/workspace/said"};

int open_for_reading(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }

// A socket with a name that one process in each network, or in the world, can have. The errno of
// getting it; 0 keeps it.
template <class Address>
int take_name(int family, int kind, const Address& address, std::size_t size) {
  const int fd = ::socket(family, kind | SOCK_CLOEXEC, 0);
  // Safety: the kernel reads as much as it is told.
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, name, static_cast<socklen_t>(size)) != 0) {
    return errno;
  }
  (void)::listen(fd, 1);
  return 0;
}

int take_abstract_name() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, "selftest", 8);
  return take_name(AF_UNIX, SOCK_STREAM, address, offsetof(sockaddr_un, sun_path) + 9);
}

int take_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return take_name(AF_INET, SOCK_STREAM, address, sizeof address);
}

int take_vsock_port() {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_port = port;
  address.svm_cid = VMADDR_CID_ANY;
  return take_name(AF_VSOCK, SOCK_STREAM, address, sizeof address);
}

int take_netlink_port() {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_pid = port;
  return take_name(AF_NETLINK, SOCK_RAW, address, sizeof address);
}

// Why only these locks: a write lock needs a descriptor for writing, which neither run can have.
void take_locks(const std::string& file) {
  (void)::flock(open_for_reading(file), LOCK_EX | LOCK_NB);
  for (const int command : {F_OFD_SETLK, F_SETLK}) {
    struct ::flock lock {};
    lock.l_type = F_RDLCK;
    (void)::fcntl(open_for_reading(file), command, &lock);
  }
}

void report(const char* name, bool bit) { tell(name, bit ? 1 : 0); }

void look_at_locks(const std::string& file) {
  const int fd = open_for_reading(file);
  report("flock", ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK);
  (void)::flock(fd, LOCK_UN);
  for (const int command : {F_OFD_GETLK, F_GETLK}) {
    struct ::flock lock {};
    lock.l_type = F_WRLCK;
    const bool held = ::fcntl(fd, command, &lock) == 0 && lock.l_type != F_UNLCK;
    report(command == F_GETLK ? "posix_lock" : "ofd_lock", held);
  }
}

void look_at_events(const std::string& file) {
  const int events = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  (void)::inotify_add_watch(events, file.c_str(), IN_OPEN | IN_ACCESS | IN_CLOSE);
  pollfd poller{.fd = events, .events = POLLIN, .revents = 0};
  report("inotify", events >= 0 && ::poll(&poller, 1, wait_ms) > 0);
}

void look_at_processes() {
  int others = 0;
  for (pid_t pid = 3; pid < 400; ++pid) {
    others += pid != ::getpid() && ::kill(pid, 0) == 0 ? 1 : 0;
  }
  report("processes", others > 1);  // one is the guard of this run
}

}  // namespace

int send(Arguments arguments) {
  if (arguments.empty()) {
    return 2;
  }
  const std::string& file = arguments[0];
  (void)::shmget(ipc_key, 4096, IPC_CREAT | 0666);
  (void)::semget(ipc_key, 1, IPC_CREAT | 0666);
  (void)::msgget(ipc_key, IPC_CREAT | 0666);
  (void)::syscall(SYS_mq_open, "selftest", O_CREAT | O_RDWR, 0666, nullptr);
  (void)::syscall(SYS_add_key, "user", key_name, "1", 1, -4 /* the user's keyring */);
  (void)take_abstract_name();
  (void)take_port();
  (void)take_vsock_port();
  (void)take_netlink_port();
  for (const char* const path : paths) {
    (void)::close(::open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
  }
  take_locks(file);
  tell("ready", 1);
  while (arguments.size() > 1) {
    char byte = 0;
    const int fd = open_for_reading(file);
    (void)!::read(fd, &byte, 1);
    (void)::close(fd);
    (void)::usleep(1000);
  }
  return 0;
}

int receive(Arguments arguments) {
  if (arguments.empty()) {
    return 2;
  }
  tell("file", outcome_of(open_for_reading(arguments[0])));
  report("sysv_shm", ::shmget(ipc_key, 0, 0) >= 0);
  report("sysv_sem", ::semget(ipc_key, 0, 0) >= 0);
  report("sysv_msg", ::msgget(ipc_key, 0) >= 0);
  report("posix_mq", ::syscall(SYS_mq_open, "selftest", O_RDONLY, 0, nullptr) >= 0);
  report("keyring", ::syscall(SYS_request_key, "user", key_name, nullptr, 0) >= 0);
  report("abstract_socket", take_abstract_name() == EADDRINUSE);
  report("loopback", take_port() == EADDRINUSE);
  report("vsock", take_vsock_port() == EADDRINUSE);
  report("netlink", take_netlink_port() == EADDRINUSE);
  for (const char* const path : paths) {
    struct ::stat status {};
    report(path, ::lstat(path, &status) == 0);
  }
  look_at_processes();
  look_at_locks(arguments[0]);
  look_at_events(arguments[0]);
  tell("looked", 1);
  return 0;
}

}  // namespace sb::selftest::probes
