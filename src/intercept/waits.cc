#include "intercept/waits.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>

#include "seccomp/evaluate.h"

namespace sb::intercept {
namespace {

// Kernel: what a call that a signal has broken off returns inside the kernel (linux/errno.h).
constexpr long restart_sys = -512;
constexpr long restart_no_interrupt = -513;
constexpr long restart_no_handler = -514;
constexpr long restart_block = -516;

constexpr std::uint64_t red_zone = 128;

bool was_broken_off(long result) {
  return result == restart_sys || result == restart_no_interrupt || result == restart_no_handler ||
         result == restart_block || result == -EINTR;
}

WaitPlan answer(long value) { return {.kind = WaitPlan::Kind::answer, .answer = value}; }

struct Time {
  int err = 0;
  std::uint64_t ns = 0;
};

Time read_time(pid_t tid, std::uint64_t address, bool is_timeval) {
  std::int64_t parts[2] = {};
  if (!sys::read_memory(tid, address, parts, sizeof parts)) {
    return {.err = EFAULT};
  }
  if (is_timeval && parts[0] >= 0 && parts[1] >= second_us) {
    // Kernel: select(2) takes more than a second in microseconds.
    parts[0] = std::min(parts[0], std::int64_t{1} << 40) + parts[1] / second_us;
    parts[1] %= second_us;
  }
  const auto ns = to_ns(parts[0], parts[1], is_timeval ? second_us : 1'000'000'000);
  return ns ? Time{.ns = *ns} : Time{.err = EINVAL};
}

// Of a wait that a signal broke off, and the kernel begins anew.
bool is_same_call(const sys::Registers& a, const sys::Registers& b) {
  return a.orig_rax == b.orig_rax && a.rip == b.rip && a.rsp == b.rsp && a.rdi == b.rdi &&
         a.rsi == b.rsi && a.rdx == b.rdx && a.r10 == b.r10 && a.r8 == b.r8 && a.r9 == b.r9;
}

WaitPlan begin(const Tracee& tracee, const sys::Registers& registers, const WaitRow& row,
               std::uint64_t deadline_ns) {
  WaitPlan plan{.kind = WaitPlan::Kind::wait, .call = registers};
  plan.wait.deadline_ns = deadline_ns;
  plan.wait.end = row.end;
  plan.wait.entry = registers;
  if (tracee.interrupted && is_same_call(tracee.wait.entry, registers)) {
    plan.wait.deadline_ns = tracee.wait.deadline_ns;
  }
  if (row.tells_rest) {
    plan.wait.rest = row.form == WaitForm::timeval ? Wait::Rest::timeval : Wait::Rest::timespec;
    plan.wait.rest_address = argument_of(registers, row.argument);
  }
  return plan;
}

// A sleep with the longest time there is, below what the program may have on its stack.
bool sleep_for_ever(pid_t tid, sys::Registers& call) {
  constexpr std::uint64_t align = 16;
  const std::uint64_t address = (call.rsp - red_zone - align) / align * align;
  const std::int64_t forever[2] = {INT64_MAX / 2, 0};
  call.orig_rax = SYS_nanosleep;
  call.rdi = address;
  call.rsi = 0;
  return sys::write_memory(tid, address, forever, sizeof forever);
}

WaitPlan plan_sleep(const Tracee& tracee, const sys::Registers& registers, const WaitRow& row,
                    const Clock& clock, const EndlessCall& endless) {
  const bool has_clock = registers.orig_rax == SYS_clock_nanosleep;
  const int clock_id = has_clock ? static_cast<int>(registers.rdi) : CLOCK_MONOTONIC;
  if (!Clock::is_virtual(clock_id)) {
    return {};
  }
  const bool absolute = has_clock && (registers.rsi & TIMER_ABSTIME) != 0;
  const Time time = read_time(tracee.tid, argument_of(registers, row.argument), false);
  if (time.err != 0) {
    return answer(-time.err);
  }
  const std::uint64_t deadline_ns = absolute ? clock.when(clock_id, time.ns) : clock.after(time.ns);
  if (deadline_ns <= clock.elapsed()) {
    return answer(0);
  }
  WaitPlan plan = begin(tracee, registers, row, deadline_ns);
  plan.wait.is_sleep = true;
  plan.wait.rest_address = absolute ? 0 : has_clock ? registers.r10 : registers.rsi;
  plan.wait.rest =
      plan.wait.rest_address != 0 ? Wait::Rest::timespec_if_interrupted : Wait::Rest::none;
  if (endless.number == 0) {
    return sleep_for_ever(tracee.tid, plan.call) ? plan : answer(-EFAULT);
  }
  plan.call.orig_rax = static_cast<unsigned>(endless.number);
  for (unsigned i = 0; i < endless.arguments.size(); ++i) {
    set_argument(plan.call, i, endless.arguments.at(i));
  }
  return plan;
}

// Which clock an absolute time is of.
int clock_of(const sys::Registers& registers) {
  const auto operation = static_cast<unsigned>(registers.rsi);
  switch (registers.orig_rax) {
    case SYS_futex:
      return (operation & futex_operation_mask) == FUTEX_LOCK_PI ||
                     (operation & FUTEX_CLOCK_REALTIME) != 0
                 ? CLOCK_REALTIME
                 : CLOCK_MONOTONIC;
    case call_futex_waitv:
      return static_cast<int>(registers.r8);
    case call_futex_wait:
      return static_cast<int>(registers.r9);
    default:
      return CLOCK_REALTIME;
  }
}

// A time that has passed: the kernel would look at the word and at nothing else.
WaitPlan plan_past_futex(pid_t tid, const sys::Registers& registers) {
  std::uint32_t word = 0;
  if (!sys::read_memory(tid, registers.rdi, &word, sizeof word)) {
    return answer(-EFAULT);
  }
  return answer(word == static_cast<std::uint32_t>(registers.rdx) ? -ETIMEDOUT : -EAGAIN);
}

long answer_of(WaitEnd end) {
  switch (end) {
    case WaitEnd::zero:
      return 0;
    case WaitEnd::timed_out:
      return -ETIMEDOUT;
    case WaitEnd::again:
      return -EAGAIN;
  }
  return 0;
}

void write_rest(pid_t tid, const Wait& wait, std::uint64_t left_ns, bool interrupted) {
  if (wait.rest == Wait::Rest::none ||
      (wait.rest == Wait::Rest::timespec_if_interrupted && !interrupted)) {
    return;
  }
  const std::uint64_t part = left_ns % second_ns;
  const std::uint64_t rest[2] = {left_ns / second_ns,
                                 wait.rest == Wait::Rest::timeval ? part / 1000 : part};
  (void)sys::write_memory(tid, wait.rest_address, rest, sizeof rest);
}

}  // namespace

std::uint64_t argument_of(const sys::Registers& registers, unsigned index) {
  const std::uint64_t all[] = {registers.rdi, registers.rsi, registers.rdx,
                               registers.r10, registers.r8,  registers.r9};
  return all[index];
}

void set_argument(sys::Registers& registers, unsigned index, std::uint64_t value) {
  const std::array<unsigned long long*, 6> all = {{&registers.rdi, &registers.rsi, &registers.rdx,
                                                   &registers.r10, &registers.r8, &registers.r9}};
  *all.at(index) = value;
}

EndlessCall choose_endless_call(const seccomp::BpfProgram& policy) {
  constexpr std::uint64_t endless_ms = ~0ULL;
  static constexpr std::array choices = {
      EndlessCall{SYS_ppoll, {}},    EndlessCall{SYS_poll, {0, 0, endless_ms}},
      EndlessCall{SYS_pselect6, {}}, EndlessCall{SYS_select, {}},
      EndlessCall{SYS_pause, {}},
  };
  for (const EndlessCall& choice : choices) {
    seccomp_data data{};
    data.nr = choice.number;
    data.arch = AUDIT_ARCH_X86_64;
    std::copy(choice.arguments.begin(), choice.arguments.end(), std::begin(data.args));
    if (seccomp::evaluate(policy, data).value_or(SECCOMP_RET_KILL_PROCESS) == SECCOMP_RET_ALLOW) {
      return choice;
    }
  }
  return {};
}

WaitPlan plan_wait(const Tracee& tracee, const sys::Registers& registers, const WaitRow& row,
                   const Clock& clock, const EndlessCall& endless) {
  if (row.form == WaitForm::sleep) {
    return plan_sleep(tracee, registers, row, clock, endless);
  }
  const std::uint64_t given = argument_of(registers, row.argument);
  if (row.form == WaitForm::milliseconds) {
    const auto ms = static_cast<std::int32_t>(given);
    if (ms <= 0) {
      return {};
    }
    WaitPlan plan =
        begin(tracee, registers, row, clock.after(static_cast<std::uint64_t>(ms) * 1'000'000));
    set_argument(plan.call, row.argument, ~0ULL);
    return plan;
  }
  if (given == 0) {
    return {};
  }
  const Time time = read_time(tracee.tid, given, row.form == WaitForm::timeval);
  if (time.err != 0) {
    return answer(-time.err);
  }
  const bool is_futex = registers.orig_rax == SYS_futex;
  const bool absolute = row.form == WaitForm::absolute ||
                        (is_futex && (registers.rsi & futex_operation_mask) != FUTEX_WAIT);
  if (!absolute && time.ns == 0) {
    return {};  // Why: the kernel returns at once, too.
  }
  const std::uint64_t deadline_ns =
      absolute ? clock.when(clock_of(registers), time.ns) : clock.after(time.ns);
  if (is_futex && deadline_ns <= clock.elapsed() &&
      (registers.rsi & futex_operation_mask) == FUTEX_WAIT_BITSET) {
    return plan_past_futex(tracee.tid, registers);
  }
  WaitPlan plan = begin(tracee, registers, row, deadline_ns);
  set_argument(plan.call, row.argument, 0);
  return plan;
}

WaitResult finish_wait(const Tracee& tracee, const sys::Registers& at_end, const Clock& clock) {
  const Wait& wait = tracee.wait;
  WaitResult result{.registers = at_end};
  auto value = static_cast<long>(at_end.rax);
  std::uint64_t left_ns = wait.deadline_ns == never ? 0 : clock.left(wait.deadline_ns);
  if (was_broken_off(value) && tracee.firing) {
    value = answer_of(wait.end);
    left_ns = 0;
  } else if (was_broken_off(value)) {
    // Kernel: EINTR where a handler runs; else the call is made again. Why so also of calls that
    // give a plain EINTR: a signal that is ignored breaks off the calls of a tracee only.
    value = restart_no_handler;
    result.interrupted = true;
  }
  write_rest(tracee.tid, wait, left_ns, result.interrupted);
  for (unsigned i = 0; i < 6; ++i) {
    set_argument(result.registers, i, argument_of(wait.entry, i));
  }
  result.registers.orig_rax = wait.entry.orig_rax;
  result.registers.rax = static_cast<std::uint64_t>(value);
  return result;
}

}  // namespace sb::intercept
