#include "result/outcome.h"

#include <csignal>
#include <cstring>

#include <fmt/core.h>

namespace sb::result {
namespace {

constexpr int signal_base = 128;
constexpr int exit_time = 124;
constexpr int exit_sandbox = 125;

}  // namespace

std::string_view name_of(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::exited:
      return "exited";
    case Status::signaled:
      return "signaled";
    case Status::wall_time_limit:
      return "wall_time_limit";
    case Status::cpu_time_limit:
      return "cpu_time_limit";
    case Status::memory_limit:
      return "memory_limit";
    case Status::output_limit:
      return "output_limit";
    case Status::file_size_limit:
      return "file_size_limit";
    case Status::syscall_violation:
      return "syscall_violation";
    case Status::deadlock:
      return "deadlock";
    case Status::virtual_time_limit:
      return "virtual_time_limit";
    case Status::cancelled:
      return "cancelled";
    case Status::error:
      return "error";
  }
  return "error";
}

int exit_status(const Outcome& outcome) {
  switch (outcome.status) {
    case Status::ok:
    case Status::exited:
      return outcome.exit_code.value_or(exit_sandbox);
    case Status::signaled:
      return outcome.signal ? signal_base + *outcome.signal : exit_sandbox;
    case Status::wall_time_limit:
    case Status::cpu_time_limit:
    case Status::deadlock:
    case Status::virtual_time_limit:
      return exit_time;
    case Status::memory_limit:
      return signal_base + SIGKILL;
    case Status::output_limit:
    case Status::file_size_limit:
      return signal_base + SIGXFSZ;
    case Status::syscall_violation:
      return signal_base + SIGSYS;
    case Status::cancelled:
      return signal_base + SIGTERM;
    case Status::error:
      return outcome.error ? outcome.error->exit_code() : exit_sandbox;
  }
  return exit_sandbox;
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("SIG{}", number);
}

}  // namespace sb::result
