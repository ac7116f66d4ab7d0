// Waits that the timeout of a socket ends. No call is stopped for them: while all sleep, a thread
// that has gone to sleep since the clock last moved did so at the time that it shows, and /proc
// tells in which call, and with what arguments.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

#include <sys/socket.h>

#include "intercept/sockets.h"
#include "intercept/tracer.h"

namespace sb::intercept {
namespace {

// Kernel: where a handler runs, EINTR; else the call is made again (linux/errno.h).
constexpr std::int64_t restart_no_handler = -514;
constexpr std::int64_t restart_sys = -512;

bool is_broken_off(const sys::Registers& registers) {
  const auto value = static_cast<std::int64_t>(registers.rax);
  return value == -EINTR || value == restart_sys;
}

int option_of(const SocketRow& row) { return row.sends ? SO_SNDTIMEO : SO_RCVTIMEO; }

// The arguments of the call that a thread is blocked in.
struct Blocked {
  std::array<char, 160> text{};
  std::array<std::uint64_t, 6> arguments{};
};
Blocked read_blocked(const ProcFile& file) {
  Blocked blocked;
  const std::size_t size = file.read(blocked.text);
  const char* at = blocked.text.data();
  const char* const end = at + size;
  for (std::uint64_t& argument : blocked.arguments) {
    at = std::find(at, end, 'x');
    if (at == end) {
      break;
    }
    at = std::from_chars(at + 1, end, argument, 16).ptr;
  }
  return blocked;
}

}  // namespace

// getsockopt and setsockopt of a timeout.
bool Tracer::on_socket_option(Tracee& tracee, const sys::Registers& registers) {
  const TakenSocket socket =
      take_socket(tracee.tid, tracee.process, static_cast<int>(registers.rdi));
  if (!socket.fd.valid()) {
    real_timeouts_ = real_timeouts_ || socket.refused;
    return false;
  }
  const auto option = static_cast<int>(registers.rdx);
  const bool sends = option == SO_SNDTIMEO_OLD || option == SO_SNDTIMEO_NEW;
  const int kept = sends ? SO_SNDTIMEO : SO_RCVTIMEO;
  if (registers.orig_rax == SYS_setsockopt) {
    return set_socket_timeout(tracee, registers, socket.fd.ref(), kept);
  }
  const auto timeout = timeout_of(socket.fd.ref(), kept);
  if (!timeout) {
    return false;
  }
  const std::int64_t value[2] = {static_cast<std::int64_t>(timeout->us) / second_us,
                                 static_cast<std::int64_t>(timeout->us) % second_us};
  std::int32_t size = 0;
  if (!sys::read_memory(tracee.tid, registers.r8, &size, sizeof size)) {
    answer(tracee, registers, -EFAULT);
  } else if (size < 0) {
    answer(tracee, registers, -EINVAL);
  } else {
    size = std::min<std::int32_t>(size, sizeof value);
    const bool wrote =
        sys::write_memory(tracee.tid, registers.r10, value, static_cast<std::size_t>(size)) &&
        sys::write_memory(tracee.tid, registers.r8, &size, sizeof size);
    answer(tracee, registers, wrote ? 0 : -EFAULT);
  }
  return true;
}

bool Tracer::set_socket_timeout(Tracee& tracee, const sys::Registers& registers, sys::FdRef socket,
                                int option) {
  std::int64_t value[2] = {};
  if (static_cast<std::int32_t>(registers.r8) < static_cast<std::int32_t>(sizeof value) ||
      !sys::read_memory(tracee.tid, registers.r10, value, sizeof value)) {
    return false;  // Why: the kernel finds it wrong, too.
  }
  const std::int64_t seconds = value[0];
  const std::int64_t part = value[1];
  if (part < 0 || part >= second_us || seconds < 0) {
    return false;  // Kernel: wrong, or below 0, which is a time that is always over.
  }
  // Why first: a wait that has begun keeps the timeout that it began with.
  socket_timeouts_ = true;
  look_at_sockets(false);
  const std::uint64_t us = seconds > INT64_MAX / (2 * second_us)
                               ? never
                               : static_cast<std::uint64_t>(seconds * second_us + part);
  answer(tracee, registers, -set_timeout(socket, option, {.us = us}));
  return true;
}

// Gives each thread that has gone to sleep for a socket its deadline.
void Tracer::look_at_sockets(bool all_sleep) {
  if (!socket_timeouts_) {
    return;
  }
  for (auto& [tid, tracee] : tracees_.all()) {
    if (tracee.stands_still() || (!(all_sleep && tracee.known) && !idle_.sleeps(tracee))) {
      continue;
    }
    const SocketWait& before = tracee.socket;
    const bool seen = before.ran_size == tracee.ran_size &&
                      std::memcmp(before.ran.data(), tracee.ran.data(), tracee.ran_size) == 0;
    if (!seen) {
      look_at_socket(tracee);
    }
  }
}

void Tracer::look_at_socket(Tracee& tracee) {
  const bool goes_on = tracee.socket.restart == SocketWait::Restart::begun;
  const std::uint64_t before_ns = tracee.socket.deadline_ns;
  tracee.socket.ran = tracee.ran;
  tracee.socket.ran_size = tracee.ran_size;
  tracee.socket.deadline_ns = never;
  tracee.socket.stopped = false;
  const long number = tracee.known_call;
  for (unsigned place = 0; const SocketRow* const row = find_socket_call(number, place); ++place) {
    const Blocked blocked = read_blocked(tracee.syscall);
    const TakenSocket socket = take_socket(tracee.tid, tracee.process,
                                           static_cast<int>(blocked.arguments.at(row->argument)));
    const auto timeout = socket.fd.valid() ? timeout_of(socket.fd.ref(), option_of(*row))
                                           : std::optional<SocketTimeout>();
    if (timeout) {
      tracee.socket.deadline_ns = std::min(tracee.socket.deadline_ns,
                                           goes_on ? before_ns : clock_.after(timeout->us * 1000));
      tracee.socket.end = timeout_errno(socket.fd.ref(), number);
    }
  }
}

// A call that was told to come out, since its time is over.
void Tracer::end_socket_wait(Tracee& tracee, sys::Registers& registers) {
  if (find_socket_call(static_cast<long>(registers.orig_rax)) != nullptr &&
      is_broken_off(registers)) {
    registers.rax = static_cast<std::uint64_t>(-static_cast<std::int64_t>(tracee.socket.end));
    (void)sys::set_registers(tracee.tid, registers);
  }
  tracee.socket.deadline_ns = never;
}

// Kernel: a call with a timeout is broken off for good (signal(7)); and a signal that is ignored
// breaks off the calls of a tracee only. True: it is made again.
bool Tracer::restart_socket_call(Tracee& tracee) {
  auto registers = sys::registers_of(tracee.tid);
  if (!registers || static_cast<std::int64_t>(registers->rax) != -EINTR) {
    return false;
  }
  const auto number = static_cast<long>(registers->orig_rax);
  for (unsigned place = 0; const SocketRow* const row = find_socket_call(number, place); ++place) {
    const TakenSocket socket = take_socket(
        tracee.tid, tracee.process, static_cast<int>(argument_of(*registers, row->argument)));
    if (socket.fd.valid() && timeout_of(socket.fd.ref(), option_of(*row))) {
      registers->rax = static_cast<std::uint64_t>(restart_no_handler);
      (void)sys::set_registers(tracee.tid, *registers);
      tracee.socket.restart = SocketWait::Restart::due;
      return true;
    }
  }
  return false;
}

// At the beginning of a call that was made again, and at its end. Why: the next wait by the same
// call, in a loop, has a time of its own. True: its end is yet to come.
bool Tracer::follow_restart(Tracee& tracee) {
  const bool begins = tracee.socket.restart == SocketWait::Restart::due;
  tracee.socket.restart = begins ? SocketWait::Restart::begun : SocketWait::Restart::none;
  return begins;
}

}  // namespace sb::intercept
