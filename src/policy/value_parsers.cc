#include "policy/value_parsers.h"

#include <cstring>

#include "base/units.h"

namespace sb::policy {
namespace {

// Kernel: errno values end at 133 (EHWPOISON) on x86-64.
constexpr int highest_errno = 133;
constexpr std::uint64_t most_cpus_millis = 8'192'000;
// Kernel: the smallest quota is 1 ms in a period of 100 ms.
constexpr std::uint64_t least_cpus_millis = 10;
// Kernel: CONFIG_NR_CPUS is at most 8192 on x86-64.
constexpr std::uint64_t highest_cpu = 8'191;

// Cuts the text before `separator` off the front; all of it where there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

bool is_cpu_range(std::string_view text) {
  const bool has_dash = text.find('-') != std::string_view::npos;
  const std::optional<std::uint64_t> first = parse_unsigned(take_until(text, '-'));
  const std::optional<std::uint64_t> last = has_dash ? parse_unsigned(text) : first;
  return first && last && *first <= *last && *last <= highest_cpu;
}

}  // namespace

std::optional<std::uint64_t> parse_cpus_millis(std::string_view text) {
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) {
    return std::nullopt;
  }
  // A plain number is seconds there, and a thousandth of a CPU is a millisecond here.
  const std::optional<std::uint64_t> ns = parse_duration_ns(text);
  if (!ns) {
    return std::nullopt;
  }
  const std::uint64_t millis = *ns / 1'000'000;
  const bool usable = millis >= least_cpus_millis && millis <= most_cpus_millis;
  return usable ? std::optional(millis) : std::nullopt;
}

bool is_cpu_set(std::string_view text) {
  if (text.empty() || text.ends_with(',')) {
    return false;
  }
  while (!text.empty()) {
    if (!is_cpu_range(take_until(text, ','))) {
      return false;
    }
  }
  return true;
}

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true") {
    return true;
  }
  return text == "false" ? std::optional(false) : std::nullopt;
}

std::optional<int> parse_errno(std::string_view name) {
  for (int err = 1; err <= highest_errno; ++err) {
    const char* known = strerrorname_np(err);
    if (known != nullptr && name == known) {
      return err;
    }
  }
  return std::nullopt;
}

std::optional<SyscallAction> parse_action(std::string_view text) {
  if (text == "kill") {
    return SyscallAction{ActionKind::kill, 0};
  }
  if (text == "log") {
    return SyscallAction{ActionKind::notify, 0};
  }
  constexpr std::string_view prefix = "errno ";
  if (!text.starts_with(prefix)) {
    return std::nullopt;
  }
  const std::optional<int> err = parse_errno(text.substr(prefix.size()));
  return err ? std::optional(SyscallAction{ActionKind::err, *err}) : std::nullopt;
}

bool is_path_inside(std::string_view path) {
  if (!path.starts_with('/') || path.find("//") != std::string_view::npos) {
    return false;
  }
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::string_view part = take_until(path, '/');
    if (part == ".." || part == ".") {
      return false;
    }
  }
  return true;
}

}  // namespace sb::policy
