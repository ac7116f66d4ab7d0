#include "supervise/violation_report.h"

#include <array>

#include <fmt/core.h>
#include <linux/audit.h>

#include "base/units.h"
#include "policy/resolve_syscalls.h"
#include "policy/symbols.h"
#include "policy/syscall_table.h"
#include "sys/files.h"

namespace sb::supervise {
namespace {

constexpr int x32_bit = 0x40000000;
constexpr std::size_t largest_status = 8192;

struct Call {
  std::string arch;
  std::string name;  // empty: this number has none
  int number = 0;
};

Call name_call(const seccomp_data& data) {
  if (data.arch == AUDIT_ARCH_I386) {
    return {"i386", std::string(policy::name_of_i386(data.nr)), data.nr};
  }
  if (data.arch != AUDIT_ARCH_X86_64) {
    return {fmt::format("0x{:x}", data.arch), "", data.nr};
  }
  if ((data.nr & x32_bit) != 0) {
    const int number = data.nr & ~x32_bit;
    return {"x32", std::string(policy::name_of(number)), number};
  }
  return {"x86_64", std::string(policy::name_of(data.nr)), data.nr};
}

// Kernel: NSpid lists the numbers from our namespace inwards; the last is the one inside.
std::optional<std::int64_t> pid_inside(unsigned pid) {
  const std::string status =
      sys::read_file(fmt::format("/proc/{}/status", pid), largest_status).data;
  const std::size_t start = status.find("\nNSpid:");
  if (start == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t end = status.find('\n', start + 1);
  const std::size_t last = status.find_last_of("\t ", end);
  const std::optional<std::uint64_t> number =
      parse_unsigned(std::string_view(status).substr(last + 1, end - last - 1));
  return number ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}

std::string comm_of(unsigned pid) {
  std::string comm = sys::read_file(fmt::format("/proc/{}/comm", pid), 64).data;
  while (!comm.empty() && comm.back() == '\n') {
    comm.pop_back();
  }
  return comm;
}

std::string why(const policy::SyscallPolicy& policy, const seccomp_data& data) {
  if (data.arch != AUDIT_ARCH_X86_64 || (data.nr & x32_bit) != 0) {
    return "only calls of the x86-64 ABI are allowed";
  }
  std::array<std::uint64_t, 6> args{};
  std::copy(std::begin(data.args), std::end(data.args), args.begin());
  const policy::SyscallRule* rule = policy::find_rule(policy, data.nr, args);
  return rule != nullptr && !rule->why.empty() ? rule->why : policy.default_why;
}

}  // namespace

result::Violation describe_violation(const policy::SyscallPolicy& policy,
                                     const seccomp_notif& notification, std::string action) {
  const Call call = name_call(notification.data);
  result::Violation violation;
  if (!call.name.empty()) {
    violation.syscall = call.name;
  }
  violation.number = call.number;
  violation.arch = call.arch;
  const bool native = call.arch == "x86_64";
  const unsigned arguments = native ? policy::argument_count(call.number) : 6;
  for (unsigned i = 0; i < arguments; ++i) {
    const std::uint64_t value = notification.data.args[i];
    violation.args.push_back(native ? policy::describe_argument(call.number, i, value)
                                    : fmt::format("0x{:x}", value));
  }
  violation.action = std::move(action);
  violation.pid = pid_inside(notification.pid);
  violation.comm = comm_of(notification.pid);
  violation.exe = sys::read_link(fmt::format("/proc/{}/exe", notification.pid)).value_or("");
  violation.why = why(policy, notification.data);
  return violation;
}

}  // namespace sb::supervise
