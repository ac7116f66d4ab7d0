#include "intercept/trace_filter.h"

#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <array>

#include "intercept/waits.h"
#include "launch/inside/protocol.h"
#include "seccomp/evaluate.h"

#undef CHECK
#include <doctest/doctest.h>

using namespace sb;

namespace {

using Arguments = std::array<std::uint64_t, 6>;

std::uint32_t verdict(const seccomp::BpfProgram& filter, int number, const Arguments& arguments) {
  seccomp_data data{};
  data.nr = number;
  data.arch = AUDIT_ARCH_X86_64;
  std::copy(arguments.begin(), arguments.end(), std::begin(data.args));
  return seccomp::evaluate(filter, data).value_or(SECCOMP_RET_KILL_PROCESS);
}

constexpr std::uint32_t traced = SECCOMP_RET_TRACE | intercept::trace_mark;
constexpr std::uint64_t pointer = 0x7ffff7a01000;
constexpr std::uint64_t high_pointer = 0x100000000;

}  // namespace

// Red: any of the jumps in intercept/trace_filter.cc one longer.
TEST_CASE("trace filter: what has to do with time is traced and nothing else is") {
  const seccomp::BpfProgram filter = intercept::trace_filter(true);
  CHECK(seccomp::is_well_formed(filter));
  struct Row {
    int number;
    Arguments arguments;
    bool stops;
  };
  const Row rows[] = {
      {SYS_read, {}, false},
      {SYS_write, {1}, false},
      {SYS_write, {2}, true},
      {SYS_writev, {2}, true},
      {SYS_dup2, {2, 1}, true},
      {SYS_dup3, {5, 2}, true},
      {SYS_dup2, {1, 10}, false},
      {SYS_futex, {1, FUTEX_WAIT, 0, pointer}, true},
      {SYS_futex, {1, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, high_pointer}, true},
      {SYS_futex, {1, FUTEX_WAIT, 0, 0}, false},
      {SYS_futex, {1, FUTEX_WAKE, 1, pointer}, false},
      {SYS_futex, {1, FUTEX_CMP_REQUEUE, 1, 5}, false},
      {SYS_futex, {1, FUTEX_LOCK_PI, 0, pointer}, true},
      {SYS_futex, {1, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, pointer}, true},
      {SYS_futex, {1, FUTEX_WAIT_REQUEUE_PI, 0, pointer}, true},
      {SYS_futex, {1, 13, 0, pointer}, true},
      {SYS_poll, {0, 0, 5}, true},
      {SYS_poll, {0, 0, 0}, false},
      {SYS_poll, {0, 0, 0xffffffff}, false},
      {SYS_epoll_wait, {0, 0, 0, 1}, true},
      {SYS_epoll_pwait, {0, 0, 0, ~0ULL}, false},
      {SYS_ppoll, {0, 0, 0}, false},
      {SYS_ppoll, {0, 0, high_pointer}, true},
      {SYS_nanosleep, {}, true},
      {SYS_clock_gettime, {}, true},
      {SYS_timer_getoverrun, {}, true},
      {SYS_clone, {CLONE_VM | CLONE_THREAD}, false},
      {SYS_clone, {CLONE_UNTRACED | CLONE_VM}, true},
      {SYS_clone3, {}, true},
      {SYS_ptrace, {}, true},
      {SYS_io_uring_setup, {}, true},
      {SYS_prctl, {PR_SET_NAME}, false},
      {SYS_prctl, {PR_SET_TSC}, true},
      {SYS_prctl, {PR_GET_TSC}, true},
      {SYS_prctl, {PR_SET_DUMPABLE}, true},
      {SYS_prctl, {PR_SET_DUMPABLE, 0, 0, 0, 0, inside::waiting_cookie}, false},
      {SYS_setsockopt, {3, 1, 20}, true},
      {SYS_setsockopt, {3, 1, 67}, true},
      {SYS_getsockopt, {3, 1, 21}, true},
      {SYS_getsockopt, {3, 1, 4}, false},
      {SYS_setsockopt, {3, 1, 2}, false},
      {SYS_setsockopt, {3, 6, 20}, false},
      {SYS_execve, {}, false},
      {SYS_exit_group, {}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.number);
    CAPTURE(row.arguments[1]);
    CHECK(verdict(filter, row.number, row.arguments) == (row.stops ? traced : SECCOMP_RET_ALLOW));
  }
  CHECK(verdict(intercept::trace_filter(false), SYS_write, {2}) == SECCOMP_RET_ALLOW);
}

// Red: choose_endless_call() that takes the first choice.
TEST_CASE("trace filter: a sleep becomes a call that the policy allows") {
  const auto allowing = [](std::initializer_list<int> numbers) {
    std::vector<sock_filter> code = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}};
    for (const int number : numbers) {
      code.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(number)});
      code.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
    }
    code.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF});
    return seccomp::BpfProgram{code};
  };
  CHECK(intercept::choose_endless_call(allowing({SYS_ppoll, SYS_pause})).number == SYS_ppoll);
  CHECK(intercept::choose_endless_call(allowing({SYS_pause})).number == SYS_pause);
  const intercept::EndlessCall poll = intercept::choose_endless_call(allowing({SYS_poll}));
  CHECK(poll.number == SYS_poll);
  CHECK(poll.arguments[2] == ~0ULL);
  CHECK(intercept::choose_endless_call(allowing({SYS_nanosleep})).number == 0);
}
