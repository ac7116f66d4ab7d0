#include "intercept/tracer.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <poll.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "intercept/vdso.h"
#include "sys/process.h"

namespace sb::intercept {
namespace {

constexpr std::uint64_t shortest_wait_ns = 10'000;
constexpr std::uint64_t longest_wait_ns = 1'000'000;
// While only somebody else can change anything, whom the loop hears of.
constexpr std::uint64_t quiet_wait_ns = 20'000'000;
// How long nothing may happen before it is said that nothing ever will. Why not at once: what the
// kernel does later by itself, such as a delayed acknowledgement on the loopback, is over by then.
constexpr std::uint64_t deadlock_patience_ns = 200'000'000;
constexpr std::uint64_t busy_grace_ns = 20'000'000;
// CPU time without a moment in which all slept; from then on the clock goes with it.
constexpr std::uint64_t most_busy_ns = second_ns;

}  // namespace

Tracer::Tracer(Settings settings, Hooks hooks)
    : settings_(settings),
      hooks_(std::move(hooks)),
      clock_(settings_.start_ns),
      timers_(tracees_),
      idle_(tracees_) {}

Tracer::~Tracer() {
  ended_ = true;
  const std::uint64_t latest_ns = sys::monotonic_ns() + 5 * second_ns;
  while (!tracees_.empty() && sys::monotonic_ns() < latest_ns) {
    for (const auto& [tid, tracee] : tracees_.all()) {
      (void)sys::send_signal(tracee.process, 0, SIGKILL, nullptr);
    }
    if (!take_event()) {
      (void)::usleep(1000);
    }
  }
}

Result<sys::Fd> Tracer::open_wakeup() {
  sigset_t child;
  (void)::sigemptyset(&child);
  (void)::sigaddset(&child, SIGCHLD);
  sys::Fd fd(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) {
    return Error(Tag::clock_trace, "opening a signalfd", errno);
  }
  return fd;
}

Result<Done> Tracer::begin(pid_t target, pid_t init, sys::Fd wakeup) {
  wakeup_ = std::move(wakeup);
  init_ = init;
  // Why these only: what else is made before the execve, the guard, is not to be traced.
  const int err = sys::seize(target, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP |
                                         PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
  if (err != 0) {
    return Error(Tag::clock_trace, "tracing the target", err);
  }
  tracees_.add(target).announced = true;
  one_cpu_.emplace(target);
  return Done{};
}

void Tracer::let_run() {
  may_run_ = true;
  if (waiting_exec_ != 0) {
    (void)sys::resume(std::exchange(waiting_exec_, 0));
  }
}

bool Tracer::is_deterministic() const {
  return counts_.stalls == 0 && !settings_.outside_wakes && !real_timeouts_;
}

void Tracer::step(bool paused) {
  note_told();
  // Limit: deadlines, signals and streams have their turn in between.
  constexpr int most_rounds = 1024;
  bool may_run = false;  // whoever was let go, and has not had the CPU yet
  for (int i = 0; i < most_rounds; ++i) {
    const bool stands = ended_ || paused || !started_ || tracees_.empty();
    // Why not always: others have something to tell, too.
    const bool expected = i % 16 != 15 && take_expected();
    if (!expected && !stands && idle_.all_sleep()) {
      if (!on_idle()) {
        return;
      }
    } else if (expected || take_event()) {
      silent_since_ns_ = 0;
      backoff_ns_ = shortest_wait_ns;
    } else if (stands) {
      return wait_at_most(quiet_wait_ns);
    } else if (may_run) {
      may_run = false;
      let_others_run();
      continue;
    } else {
      return on_busy();
    }
    may_run = true;
  }
  wait_at_most(0);
}

// Kernel: signalfd(2) tells of those that came together as of one.
void Tracer::note_told() {
  signalfd_siginfo told[2];
  (void)!::read(wakeup_.number(), told, sizeof told);
}

void Tracer::note_let_go(pid_t tid) {
  let_go_ = tid;
  idle_.note_busy(tid);
}

// On the one CPU that we share with them (one_cpu.h): on until one of them has something for us, or
// none can run.
void Tracer::let_others_run() {
  pollfd event{.fd = wakeup_.number(), .events = POLLIN, .revents = 0};
  const timespec most{.tv_sec = 0, .tv_nsec = static_cast<long>(shortest_wait_ns)};
  if (::ppoll(&event, 1, &most, nullptr) > 0) {
    note_told();
  }
}

// False: nothing has changed, and patience_ns_ says when to look again.
bool Tracer::on_idle() {
  busy_since_ns_ = 0;
  cpu_start_ns_.reset();
  idle_.note_busy(0);
  const std::vector<Tracee*> waiting = held();
  if (stalling_ || (reads_.is_spinning() && waiting.empty())) {
    stalling_ = false;
    reads_.calm();
    show_all();
  }
  const Drained drained = hooks_.drain();
  if (drained != Drained::nothing) {
    wait_at_most(quiet_wait_ns);
    return drained == Drained::some;
  }
  look_at_sockets(true);
  const std::uint64_t next_ns = next_deadline();
  if (!waiting.empty() && next_ns > clock_.elapsed() && tick(next_ns, waiting)) {
    return true;
  }
  if (ended_) {
    return false;
  }
  if (next_ns == never) {
    on_nothing_due();
    return false;
  }
  if (hooks_.awaits_input()) {
    wait_at_most(quiet_wait_ns);
    return false;
  }
  if (settings_.limit_ns && next_ns > *settings_.limit_ns) {
    jump(*settings_.limit_ns);
    ended_ = true;
    hooks_.on_limit();
    return false;
  }
  jump(next_ns);
  fire_next();
  return true;
}

void Tracer::on_nothing_due() {
  if (hooks_.awaits_input() || settings_.outside_wakes || real_timeouts_) {
    silent_since_ns_ = 0;
    return wait_at_most(quiet_wait_ns);
  }
  const std::uint64_t now_ns = sys::monotonic_ns();
  silent_since_ns_ = silent_since_ns_ == 0 ? now_ns : silent_since_ns_;
  if (now_ns - silent_since_ns_ >= deadlock_patience_ns) {
    ended_ = true;
    hooks_.on_deadlock();
  }
  wait_at_most(quiet_wait_ns);
}

// Every other thread sleeps: those that wait for the clock get a step of it. False: the next
// deadline comes first.
bool Tracer::tick(std::uint64_t next_ns, const std::vector<Tracee*>& waiting) {
  const bool moved = std::any_of(waiting.begin(), waiting.end(), [this](const Tracee* tracee) {
    return tracee->held_ns < clock_.elapsed();
  });
  const std::uint64_t to_ns = clock_.elapsed() + reads_.step_ns(clock_);
  if (!moved && to_ns > next_ns) {
    return false;
  }
  if (!moved) {
    clock_.move_to(std::min(to_ns, settings_.limit_ns.value_or(never)));
    ++counts_.spin_ticks;
    show_all();
  }
  if (settings_.limit_ns && clock_.elapsed() >= *settings_.limit_ns) {
    ended_ = true;
    hooks_.on_limit();
    return false;
  }
  for (Tracee* const tracee : waiting) {
    release(*tracee);
  }
  return true;
}

void Tracer::on_busy() {
  silent_since_ns_ = 0;
  const std::uint64_t now_ns = sys::monotonic_ns();
  begin_orphans(now_ns);
  busy_since_ns_ = busy_since_ns_ == 0 ? now_ns : busy_since_ns_;
  backoff_ns_ = std::clamp(backoff_ns_ + backoff_ns_ / 2, shortest_wait_ns, longest_wait_ns);
  wait_at_most(backoff_ns_);
  if (now_ns - busy_since_ns_ < busy_grace_ns) {
    return;
  }
  const std::uint64_t cpu = cpu_ns();
  if (!cpu_start_ns_) {
    cpu_start_ns_ = cpu;
    stall_start_ns_ = clock_.elapsed();
  }
  const std::uint64_t used_ns = cpu - std::min(cpu, *cpu_start_ns_);
  if (used_ns > most_busy_ns) {
    follow_cpu(used_ns - most_busy_ns);
  }
}

void Tracer::follow_cpu(std::uint64_t used_ns) {
  if (!stalling_) {
    stalling_ = true;
    ++counts_.stalls;
    show_all();
    for (Tracee* const tracee : held()) {
      release(*tracee);
    }
  }
  look_at_sockets(false);
  const std::uint64_t to_ns = stall_start_ns_ + used_ns;
  const std::uint64_t next_ns = next_deadline();
  if (settings_.limit_ns && to_ns > *settings_.limit_ns && next_ns > *settings_.limit_ns) {
    advance_running(*settings_.limit_ns);
    ended_ = true;
    hooks_.on_limit();
  } else if (next_ns <= to_ns) {
    advance_running(next_ns);
    fire_next();
  }
}

std::uint64_t Tracer::deadline_of(const Tracee& tracee) {
  if (tracee.firing || tracee.stands_still()) {
    return never;
  }
  // Why only of one that is known to sleep: the wait may be over otherwise.
  const std::uint64_t socket_ns = tracee.known ? tracee.socket.deadline_ns : never;
  return tracee.doing == Tracee::Doing::waits ? std::min(tracee.wait.deadline_ns, socket_ns)
                                              : socket_ns;
}

std::uint64_t Tracer::next_deadline() {
  std::uint64_t next_ns = never;
  for (const auto& [tid, tracee] : tracees_.all()) {
    next_ns = std::min(next_ns, deadline_of(tracee));
  }
  const Timer* const timer = timers_.first();
  return timer != nullptr ? std::min(next_ns, timer->deadline_ns) : next_ns;
}

void Tracer::jump(std::uint64_t to_ns) {
  if (to_ns > clock_.elapsed()) {
    clock_.move_to(to_ns);
    ++counts_.jumps;
  }
  stalling_ = false;
  reads_.moved(!held().empty());
  show_all();
}

// The clock goes on under a program that runs; never past what is due first.
void Tracer::advance_running(std::uint64_t to_ns) {
  const std::uint64_t target_ns = std::min(to_ns, next_deadline());
  if (target_ns > clock_.elapsed() && target_ns != never) {
    (void)hooks_.drain();
    clock_.move_to(target_ns);
    show_all();
  }
}

void Tracer::fire_next() {
  Tracee* first = nullptr;
  std::uint64_t first_ns = never;
  for (auto& [tid, tracee] : tracees_.all()) {
    const std::uint64_t due_ns = deadline_of(tracee);
    if (due_ns <= clock_.elapsed() && (first == nullptr || due_ns < first_ns ||
                                       (due_ns == first_ns && tracee.order < first->order))) {
      first = &tracee;
      first_ns = due_ns;
    }
  }
  Timer* const timer = timers_.first();
  if (timer != nullptr && timer->deadline_ns <= clock_.elapsed() &&
      (first == nullptr || timer->deadline_ns <= first_ns)) {
    ++counts_.timers_fired;
    timers_.fire(*timer);
  } else if (first != nullptr) {
    fire(*first);
  }
}

void Tracer::fire(Tracee& tracee) {
  ++counts_.timers_fired;
  tracee.firing = true;
  tracee.known = false;  // Why: it runs from now on.
  note_let_go(tracee.tid);
  (void)sys::interrupt(tracee.tid);
}

void Tracer::show_all() {
  hooks_.on_moved();
  const std::uint64_t free_readings = reads_.is_spinning() ? 0 : ClockReads::free_readings;
  for (auto& [pid, process] : tracees_.processes()) {
    show_clock(process, clock_, stalling_, free_readings);
  }
}

std::uint64_t Tracer::cpu_ns() const {
  std::uint64_t sum_ns = 0;
  for (const auto& [tid, tracee] : tracees_.all()) {
    clockid_t clock_id = 0;
    timespec time{};
    if (tid == tracee.process && ::clock_getcpuclockid(tid, &clock_id) == 0 &&
        ::clock_gettime(clock_id, &time) == 0) {
      sum_ns += static_cast<std::uint64_t>(time.tv_sec) * second_ns +
                static_cast<std::uint64_t>(time.tv_nsec);
    }
  }
  return sum_ns;
}

}  // namespace sb::intercept
