// System calls at which a traced thread stops, and their ends.
#include <cerrno>
#include <csignal>
#include <utility>

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>

#include "intercept/trace_filter.h"
#include "intercept/tracer.h"

namespace sb::intercept {
namespace {

// Kernel: what times(2) counts in.
constexpr std::uint64_t tick_ns = 10'000'000;
constexpr int highest_signal = 64;

}  // namespace

void Tracer::on_call(Tracee& tracee) {
  const auto registers = sys::registers_of(tracee.tid);
  if (!registers) {
    return;
  }
  if (sys::event_message(tracee.tid) != trace_mark) {
    // Kernel: a filter of the program's own asks for a tracer; without one the call is not there.
    return answer(tracee, *registers, -ENOSYS);
  }
  tracee.socket.stopped = false;
  const auto number = static_cast<long>(registers->orig_rax);
  if (const int err = refusal_of(number); err != 0) {
    return answer(tracee, *registers, -err);
  }
  if (!on_wait(tracee, *registers) && !on_reading(tracee, *registers) &&
      !on_timer_call(tracee, *registers) && !on_special(tracee, *registers)) {
    (void)sys::resume(tracee.tid);
  }
}

// The call is not made: it returns `value`.
void Tracer::answer(Tracee& tracee, sys::Registers registers, long value) {
  registers.orig_rax = ~0ULL;
  registers.rax = static_cast<std::uint64_t>(value);
  tracee.doing = Tracee::Doing::runs;
  (void)sys::set_registers(tracee.tid, registers);
  (void)sys::resume(tracee.tid);
}

// The call is made; on_call_end() hears of it.
void Tracer::watch_end(Tracee& tracee, const sys::Registers& registers) {
  tracee.doing = Tracee::Doing::finishes;
  tracee.entry = registers;
  (void)sys::resume_to_syscall(tracee.tid);
}

bool Tracer::on_wait(Tracee& tracee, const sys::Registers& registers) {
  const WaitRow* const row = find_wait(static_cast<long>(registers.orig_rax));
  if (row == nullptr) {
    return false;
  }
  const WaitPlan plan = plan_wait(tracee, registers, *row, clock_, settings_.endless);
  tracee.interrupted = false;
  switch (plan.kind) {
    case WaitPlan::Kind::pass:
      return false;
    case WaitPlan::Kind::answer:
      answer(tracee, registers, plan.answer);
      return true;
    case WaitPlan::Kind::wait:
      break;
  }
  tracee.wait = plan.wait;
  tracee.doing = Tracee::Doing::waits;
  tracee.firing = false;
  (void)sys::set_registers(tracee.tid, plan.call);
  (void)sys::resume_to_syscall(tracee.tid);
  return true;
}

bool Tracer::on_special(Tracee& tracee, const sys::Registers& registers) {
  switch (registers.orig_rax) {
    case SYS_write:
    case SYS_writev:
      // Why: all that is in the pipe of stdout came first.
      (void)hooks_.drain();
      watch_end(tracee, registers);
      return true;
    case SYS_dup2:
    case SYS_dup3:
      // Why: what has this number from now on is another stream.
      (void)hooks_.drain();
      return false;
    case SYS_clone:
      answer(tracee, registers, -EPERM);  // CLONE_UNTRACED
      return true;
    case SYS_setsockopt:
    case SYS_getsockopt:
      return on_socket_option(tracee, registers);
    case SYS_prctl:
      break;
    default:
      return false;
  }
  const auto option = static_cast<int>(registers.rdi);
  if (option == PR_GET_TSC) {
    const int enabled = PR_TSC_ENABLE;
    const bool wrote = sys::write_memory(tracee.tid, registers.rsi, &enabled, sizeof enabled);
    answer(tracee, registers, wrote ? 0 : -EFAULT);
    return true;
  }
  const bool valid = option == PR_SET_TSC
                         ? registers.rsi == PR_TSC_ENABLE || registers.rsi == PR_TSC_SIGSEGV
                         : registers.rsi <= 1;
  answer(tracee, registers, valid ? 0 : -EINVAL);
  return true;
}

void Tracer::on_call_end(Tracee& tracee) {
  if (follow_restart(tracee)) {
    (void)sys::resume_to_syscall(tracee.tid);
    return;
  }
  auto registers = sys::registers_of(tracee.tid);
  if (!registers) {
    return;
  }
  const Tracee::Doing doing = std::exchange(tracee.doing, Tracee::Doing::runs);
  if (doing == Tracee::Doing::waits) {
    const WaitResult result = finish_wait(tracee, *registers, clock_);
    tracee.interrupted = result.interrupted;
    tracee.firing = false;
    (void)sys::set_registers(tracee.tid, result.registers);
  } else if (std::exchange(tracee.firing, false)) {
    end_socket_wait(tracee, *registers);
  }
  if (doing == Tracee::Doing::finishes) {
    const auto value = static_cast<long>(registers->rax);
    const auto number = tracee.entry.orig_rax;
    if (number == SYS_write || number == SYS_writev) {
      (void)hooks_.drain();
    } else if (number == SYS_timer_create && value == 0) {
      note_made_timer(tracee);
    } else if (number == SYS_sysinfo && value == 0) {
      const std::uint64_t uptime = clock_.monotonic() / second_ns;
      (void)sys::write_memory(tracee.tid, tracee.entry.rdi + offsetof(struct sysinfo, uptime),
                              &uptime, sizeof uptime);
    } else if (number == SYS_times && value != -EFAULT) {
      registers->rax = clock_.monotonic() / tick_ns;
      (void)sys::set_registers(tracee.tid, *registers);
    }
  }
  (void)sys::resume(tracee.tid);
}

// Why also a timer of the kernel's: it has given it its number, and never starts it.
void Tracer::note_made_timer(Tracee& tracee) {
  struct {
    std::uint64_t value;
    std::int32_t signal;
    std::int32_t notify;
    std::int32_t thread;
  } event{};
  int id = 0;
  if (!sys::read_memory(tracee.tid, tracee.entry.rdx, &id, sizeof id)) {
    return;
  }
  Timer& timer = timers_.add_posix(tracee, id);
  timer.clock_id = static_cast<int>(tracee.entry.rdi);
  timer.notify = SIGEV_SIGNAL;
  timer.signal = SIGALRM;
  timer.value = static_cast<std::uint64_t>(static_cast<unsigned>(id));
  if (tracee.entry.rsi == 0) {
    return;
  }
  const bool known = sys::read_memory(tracee.tid, tracee.entry.rsi, &event, sizeof event) &&
                     event.signal > 0 && event.signal <= highest_signal;
  timer.notify = known ? event.notify : SIGEV_NONE;
  timer.signal = known ? event.signal : SIGALRM;
  timer.value = event.value;
  timer.thread =
      event.notify == SIGEV_THREAD_ID ? tracees_.outer_tid(tracee.process, event.thread) : 0;
}

}  // namespace sb::intercept
