// What init tells the supervisor, one packet each.
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launch/inside/inside.h"

namespace sb::inside {
namespace {

// Why: without a supervisor there is nobody to run for.
void send_message(const Plan& plan, const ControlMsg& message) {
  ssize_t put = 0;
  do {
    put = send(plan.control_fd, &message, sizeof message, MSG_NOSIGNAL);
  } while (put < 0 && errno == EINTR);
  if (put != static_cast<ssize_t>(sizeof message)) {
    inside_exit(inside_failed);
  }
}

uint64_t to_ns(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 +
         static_cast<uint64_t>(time.tv_usec) * 1000;
}

ControlMsg end_message(ControlKind kind, int status, uint64_t when_ns) {
  ControlMsg message;
  memset(&message, 0, sizeof message);
  message.kind = kind;
  message.arg = static_cast<uint32_t>(status);
  message.values[0] = when_ns;
  return message;
}

// What the reaped have used: the four values of `settled`.
void add_usage(uint64_t* values, uint64_t own_rss_kib) {
  rusage usage;
  memset(&usage, 0, sizeof usage);
  (void)!getrusage(RUSAGE_CHILDREN, &usage);
  values[0] = to_ns(usage.ru_utime);
  values[1] = to_ns(usage.ru_stime);
  values[2] = static_cast<uint64_t>(usage.ru_maxrss);
  values[3] = own_rss_kib;
}

}  // namespace

void send_started(const Plan& plan, int pidfd, int root, int scratch, const DiskUse& use) {
  const int fds[started_fds] = {pidfd, root, scratch};
  ControlMsg message;
  memset(&message, 0, sizeof message);
  message.kind = ControlKind::started;
  message.values[0] = use.bytes;
  message.values[1] = use.inodes;
  iovec data;
  data.iov_base = &message;
  data.iov_len = sizeof message;
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof fds)];
  memset(space, 0, sizeof space);
  msghdr packet;
  memset(&packet, 0, sizeof packet);
  packet.msg_iov = &data;
  packet.msg_iovlen = 1;
  packet.msg_control = space;
  packet.msg_controllen = sizeof space;
  cmsghdr* header = CMSG_FIRSTHDR(&packet);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  memcpy(CMSG_DATA(header), fds, sizeof fds);
  ssize_t put = 0;
  do {
    put = sendmsg(plan.control_fd, &packet, MSG_NOSIGNAL);
  } while (put < 0 && errno == EINTR);
  if (put < 0) {
    inside_exit(inside_failed);
  }
}

int receive_message(const Plan& plan, ControlMsg* message, int* fds, size_t room) {
  iovec data;
  data.iov_base = message;
  data.iov_len = sizeof *message;
  alignas(cmsghdr) char space[CMSG_SPACE(max_join_fds * sizeof(int))];
  msghdr packet;
  memset(&packet, 0, sizeof packet);
  packet.msg_iov = &data;
  packet.msg_iovlen = 1;
  packet.msg_control = space;
  packet.msg_controllen = CMSG_SPACE(room * sizeof(int));
  ssize_t got = 0;
  do {
    got = recvmsg(plan.control_fd, &packet, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof *message || (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return -1;
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&packet);
  if (header == nullptr) {
    return 0;
  }
  const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  if (header->cmsg_type != SCM_RIGHTS || count > room) {
    return -1;
  }
  memcpy(fds, CMSG_DATA(header), count * sizeof(int));
  return static_cast<int>(count);
}

LateGroups late_groups;

bool receive_groups(const Plan& plan) {
  ControlMsg message;
  const int count = receive_message(plan, &message, late_groups.fds, max_join_fds);
  if (count <= 0 || message.kind != ControlKind::group) {
    return false;
  }
  late_groups.count = static_cast<size_t>(count);
  return true;
}

void fail_late(const Plan& plan, Stage stage, size_t index) {
  ControlMsg message;
  memset(&message, 0, sizeof message);
  message.kind = ControlKind::failed;
  message.arg = static_cast<uint32_t>(errno);
  message.values[0] = static_cast<uint64_t>(stage);
  message.values[1] = index;
  send_message(plan, message);
  inside_exit(inside_failed);
}

void report_exit(const Plan& plan, int status, uint64_t when_ns) {
  send_message(plan, end_message(ControlKind::exited, status, when_ns));
}

void report_time(const Plan& plan, ControlKind kind, uint64_t when_ns) {
  ControlMsg message;
  memset(&message, 0, sizeof message);
  message.kind = kind;
  message.values[0] = when_ns;
  send_message(plan, message);
}

void report_settled(const Plan& plan, bool guarded, uint64_t own_rss_kib) {
  ControlMsg message;
  memset(&message, 0, sizeof message);
  message.kind = ControlKind::settled;
  message.arg = guarded ? 1 : 0;
  add_usage(message.values, own_rss_kib);
  send_message(plan, message);
}

void report_ended(const Plan& plan, int status, uint64_t when_ns, uint64_t own_rss_kib) {
  ControlMsg message = end_message(ControlKind::ended, status, when_ns);
  add_usage(message.values + 1, own_rss_kib);
  send_message(plan, message);
}

}  // namespace sb::inside
