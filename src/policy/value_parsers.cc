#include "policy/value_parsers.h"

#include <chrono>
#include <cstring>

#include <fmt/core.h>

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

constexpr std::uint64_t second_ns = 1'000'000'000;

// "07" and the like: all digits, and so many.
std::optional<unsigned> parse_digits(std::string_view text, std::size_t count, unsigned most) {
  const auto value = text.size() == count ? parse_unsigned(text) : std::nullopt;
  return value && *value <= most ? std::optional(static_cast<unsigned>(*value)) : std::nullopt;
}

// "2009-11-10": its start.
std::optional<std::uint64_t> parse_day(std::string_view text) {
  constexpr unsigned first_year = 1970;
  constexpr unsigned last_year = 2199;
  constexpr unsigned most_months = 12;
  constexpr unsigned most_days = 31;
  const auto year = parse_digits(take_until(text, '-'), 4, last_year);
  const auto month = parse_digits(take_until(text, '-'), 2, most_months);
  const auto day = parse_digits(text, 2, most_days);
  if (!year || !month || !day || *year < first_year) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok()) {
    return std::nullopt;
  }
  const std::chrono::seconds since = std::chrono::sys_days(date).time_since_epoch();
  return static_cast<std::uint64_t>(since.count()) * second_ns;
}

// "23:00:00.5"
std::optional<std::uint64_t> parse_time_of_day(std::string_view text) {
  constexpr unsigned most_hours = 23;
  constexpr unsigned most_parts = 59;
  constexpr std::size_t most_digits = 9;
  const auto hour = parse_digits(take_until(text, ':'), 2, most_hours);
  const auto minute = parse_digits(take_until(text, ':'), 2, most_parts);
  const bool has_part = text.find('.') != std::string_view::npos;
  const auto second = parse_digits(take_until(text, '.'), 2, most_parts);
  if (!hour || !minute || !second || has_part == text.empty() || text.size() > most_digits) {
    return std::nullopt;
  }
  const std::string digits = std::string(text) + std::string(most_digits - text.size(), '0');
  const auto part = parse_unsigned(digits);
  const std::uint64_t seconds = (*hour * 60ULL + *minute) * 60 + *second;
  return part ? std::optional(seconds * second_ns + *part) : std::nullopt;
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

std::optional<std::uint64_t> parse_time_ns(std::string_view text) {
  const std::size_t digits_of_day = 10;
  const auto day = parse_day(text.substr(0, digits_of_day));
  if (!day || text.size() == digits_of_day) {
    return day;
  }
  text.remove_prefix(digits_of_day);
  if (text.size() < 2 || text.front() != 'T' || text.back() != 'Z') {
    return std::nullopt;
  }
  const auto time = parse_time_of_day(text.substr(1, text.size() - 2));
  return time ? std::optional(*day + *time) : std::nullopt;
}

std::string format_time(std::uint64_t ns) {
  const std::chrono::sys_seconds second{std::chrono::seconds(ns / second_ns)};
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(second - day);
  const std::string part = ns % second_ns != 0 ? fmt::format(".{:09}", ns % second_ns) : "";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(), part);
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
