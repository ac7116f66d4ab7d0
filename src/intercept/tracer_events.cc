// What the kernel tells of the traced threads: stops, new ones, execve, signals, ends.
#include <algorithm>
#include <csignal>
#include <utility>

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "intercept/tracer.h"
#include "intercept/vdso.h"
#include "sys/process.h"

namespace sb::intercept {
namespace {

constexpr unsigned all_options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC |
                                 PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                                 PTRACE_O_TRACEVFORK;

// Whether the program has a handler for it. Else the kernel begins a wait anew.
bool is_caught(pid_t tid, int signal) {
  const std::uint64_t caught = status_number(tid, "SigCgt", 16).value_or(~0ULL);
  return (caught >> static_cast<unsigned>(signal - 1) & 1) != 0;
}

bool stops(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

// Of whom we let go a moment ago: on the one CPU that we share, it has mostly come to its next stop
// by now. False: there was nothing.
bool Tracer::take_expected() {
  const pid_t tid = std::exchange(let_go_, 0);
  const auto status = tid != 0 ? sys::take_waiting(tid) : std::nullopt;
  if (status) {
    on_event(tid, *status);
  }
  return status.has_value();
}

bool Tracer::take_event() {
  const pid_t tid = sys::next_waiting();
  // Why init comes last: its end is told only once we have taken that of everybody inside.
  if (tid == 0 || tid == init_) {
    return false;
  }
  if (const auto status = sys::take_waiting(tid)) {
    on_event(tid, *status);
  }
  return true;
}

void Tracer::on_event(pid_t tid, sys::WaitStatus status) {
  const int raw = status.raw();
  if (WIFEXITED(raw) || WIFSIGNALED(raw)) {
    on_end(tid);
  } else if (WIFSTOPPED(raw)) {
    note_let_go(tid);
    on_stop(tracees_.add(tid), raw);
  }
}

void Tracer::on_end(pid_t tid) {
  Tracee* const tracee = tracees_.find(tid);
  if (tracee == nullptr || !tracee->announced) {
    // Limit: an end without an announcement to come is one in a million.
    constexpr std::size_t most = 4096;
    if (early_ends_.size() >= most) {
      early_ends_.clear();
    }
    early_ends_.insert(tid);
  }
  if (tracee == nullptr) {
    return;
  }
  // Why: what it wrote came before what others write from now on.
  (void)hooks_.drain();
  const pid_t process = tracee->process;
  waiting_exec_ = waiting_exec_ == tid ? 0 : waiting_exec_;
  tracees_.remove(tid);
  if (!tracees_.has_process(process)) {
    timers_.forget_process(process);
  }
}

void Tracer::on_stop(Tracee& tracee, int raw) {
  const int signal = WSTOPSIG(raw);
  const int event = raw >> 16;
  if (event == PTRACE_EVENT_SECCOMP) {
    on_call(tracee);
  } else if (signal == (SIGTRAP | 0x80)) {  // PTRACE_O_TRACESYSGOOD
    on_call_end(tracee);
  } else if (event != 0) {
    on_ptrace_event(tracee, event, signal);
  } else {
    on_signal(tracee, signal);
  }
}

void Tracer::on_ptrace_event(Tracee& tracee, int event, int signal) {
  switch (event) {
    case PTRACE_EVENT_STOP:
      if (signal != SIGTRAP) {
        tracee.doing = Tracee::Doing::stopped;
        (void)sys::stay_stopped(tracee.tid);
        return;
      }
      if (!tracee.announced) {
        // Kernel: a new thread may run before its maker's event is told; what it made meanwhile
        // would have no place in the order.
        tracee.doing = Tracee::Doing::begins;
        tracee.begun_ns = sys::monotonic_ns();
        return;
      }
      tracee.doing = Tracee::Doing::runs;
      tracee.socket.restart = SocketWait::Restart::none;
      if (std::exchange(tracee.firing, false)) {
        if (auto registers = sys::registers_of(tracee.tid)) {
          end_socket_wait(tracee, *registers);
        }
      }
      break;
    case PTRACE_EVENT_EXEC:
      return on_exec(tracee.tid);
    case PTRACE_EVENT_CLONE:
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
      on_new_thread(tracee);
      break;
    default:
      break;
  }
  (void)sys::resume(tracee.tid);
}

void Tracer::on_new_thread(Tracee& parent) {
  const auto message = sys::event_message(parent.tid);
  Order order = tracees_.order_of_next(parent);
  if (!message || early_ends_.erase(static_cast<pid_t>(*message)) != 0) {
    return;
  }
  const pid_t parent_process = parent.process;
  // Why now: before its own first stop it can already run.
  Tracee& tracee = tracees_.add(static_cast<pid_t>(*message));
  tracee.announced = true;
  // Why also of those that it has made: it can run before this event of its maker's is taken.
  const Order before = std::exchange(tracee.order, std::move(order));
  for (auto& [tid, other] : tracees_.all()) {
    if (other.order.size() > before.size() &&
        std::equal(before.begin(), before.end(), other.order.begin())) {
      Order whole = tracee.order;
      whole.insert(whole.end(), other.order.begin() + static_cast<std::ptrdiff_t>(before.size()),
                   other.order.end());
      other.order = std::move(whole);
    }
  }
  auto& processes = tracees_.processes();
  const auto found = processes.find(parent_process);
  if (found != processes.end() && !processes.contains(tracee.process)) {
    copy_vdso(found->second, tracee.process, processes[tracee.process]);
  }
  begin(tracee);
}

void Tracer::begin(Tracee& tracee) {
  if (tracee.doing == Tracee::Doing::begins) {
    tracee.doing = Tracee::Doing::runs;
    (void)sys::resume(tracee.tid);
  }
}

// Those whose maker was killed before its event could be told.
void Tracer::begin_orphans(std::uint64_t now_ns) {
  for (auto& [tid, tracee] : tracees_.all()) {
    if (now_ns - tracee.begun_ns > second_ns) {
      begin(tracee);
    }
  }
}

void Tracer::on_exec(pid_t tid) {
  Tracee& tracee = tracees_.keep_only(tid);
  timers_.forget_posix(tid);
  Process& process = tracees_.processes()[tracee.process];
  const bool reached = take_vdso(tid, process);
  if (!started_) {
    started_ = true;
    if (!reached || !sys::set_trace_options(tid, all_options)) {
      hooks_.on_error(Error(Tag::clock_trace, "reaching the memory of the program"));
      return;  // Why: stopped as it is, until it is killed.
    }
  }
  const std::uint64_t free_readings = reads_.is_spinning() ? 0 : ClockReads::free_readings;
  show_clock(process, clock_, stalling_, free_readings);
  if (may_run_) {
    (void)sys::resume(tid);
  } else {
    waiting_exec_ = tid;
  }
}

void Tracer::on_signal(Tracee& tracee, int signal) {
  if (signal == SIGSEGV && on_instruction(tracee)) {
    return;
  }
  if (auto info = sys::signal_info(tracee.tid)) {
    const siginfo_t before = *info;
    timers_.complete(tracee.process, *info);
    if (info->si_code != before.si_code || info->si_overrun != before.si_overrun) {
      (void)sys::set_signal_info(tracee.tid, *info);
    }
  }
  if (tracee.interrupted && is_caught(tracee.tid, signal)) {
    tracee.interrupted = false;
  }
  if (socket_timeouts_) {
    // Kernel: SIGCONT does not begin what was stopped anew (signal(7)).
    tracee.socket.stopped = tracee.socket.stopped || stops(signal);
    tracee.socket.restart = SocketWait::Restart::none;
    if (!tracee.socket.stopped && !is_caught(tracee.tid, signal) && restart_socket_call(tracee)) {
      (void)sys::resume_to_syscall(tracee.tid, signal);
      return;
    }
  }
  (void)sys::resume(tracee.tid, signal);
}

}  // namespace sb::intercept
