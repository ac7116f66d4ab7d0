// The supervisor's part in the signals that the caller sends it.
#include <array>
#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

#include "result/outcome.h"
#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {

void Supervisor::on_signals() {
  std::array<signalfd_siginfo, 8> signals{};
  const ssize_t got = ::read(signals_.number(), signals.data(), sizeof signals);
  for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got) / sizeof signals[0]; ++i) {
    on_signal(static_cast<int>(signals.at(i).ssi_signo));
  }
}

void Supervisor::on_signal(int number) {
  const bool cancels =
      number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP;
  if (!cancels) {
    (void)running_.send(inside::ControlKind::signal, static_cast<std::uint32_t>(number));
    return;
  }
  if (exited_ || init_ended_) {
    cancel_after_end(number);
    return;
  }
  const bool first = seen_.record_stop(
      {.kind = StopKind::cancelled, .mechanism = "signal", .detail = result::signal_name(number)});
  if (!started_ || !first || spec_.grace_ns == 0) {
    kill_inside();
    return;
  }
  (void)running_.send(inside::ControlKind::signal, static_cast<std::uint32_t>(number));
  grace_deadline_ns_ = sys::monotonic_ns() + spec_.grace_ns;
}

// The program has ended by itself; who is waited for is a reader of its output.
void Supervisor::cancel_after_end(int number) {
  if (late_signal_ != 0) {
    abandon_streams();
    return;
  }
  late_signal_ = number;
  hurry_readers();
}

}  // namespace sb::supervise
