#include "policy/symbols.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>

#include "policy/names_of.h"

namespace sb::policy {
namespace {

struct Symbol {
  std::string_view name;
  std::uint64_t value;
};

#define SYMBOL(name) \
  Symbol { #name, static_cast < std::uint64_t>(name) }
constexpr auto symbols = std::to_array<Symbol>({
#include "policy/symbols.inc"
});
#undef SYMBOL

constexpr auto all_symbols = names_of(symbols);

std::optional<std::uint64_t> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) {
    text.remove_prefix(1);
  }
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) {
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, hexadecimal ? 16 : 10);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) {
    return std::nullopt;
  }
  return negative ? std::uint64_t{0} - value : value;
}

std::optional<std::uint64_t> parse_one(std::string_view text) {
  for (const Symbol& symbol : symbols) {
    if (symbol.name == text) {
      return symbol.value;
    }
  }
  return parse_number(text);
}

// The name of a value among the symbols with this prefix.
std::string_view find_value(std::string_view prefix, std::uint64_t value) {
  for (const Symbol& symbol : symbols) {
    if (symbol.name.starts_with(prefix) && symbol.value == value) {
      return symbol.name;
    }
  }
  return {};
}

std::string describe_flags(std::string_view prefix, std::uint64_t value) {
  std::string text;
  for (const Symbol& symbol : symbols) {
    if (symbol.name.starts_with(prefix) && symbol.value != 0 &&
        (value & symbol.value) == symbol.value) {
      text += fmt::format("{}{}", text.empty() ? "" : "|", symbol.name);
      value &= ~symbol.value;
    }
  }
  if (value == 0 && !text.empty()) {
    return text;
  }
  return text.empty() ? fmt::format("{:#x}", value) : fmt::format("{}|{:#x}", text, value);
}

struct NamedArgument {
  int syscall;
  unsigned index;
  std::string_view prefix;
  bool flags;
};

constexpr auto named_arguments = std::to_array<NamedArgument>({
    {SYS_socket, 0, "AF_", false},
    {SYS_socketpair, 0, "AF_", false},
    {SYS_ptrace, 0, "PTRACE_", false},
    {SYS_prctl, 0, "PR_", false},
    {SYS_clone, 0, "CLONE_", true},
    {SYS_unshare, 0, "CLONE_", true},
    {SYS_setns, 1, "CLONE_", true},
    {SYS_ioctl, 1, "TIOC", false},
    {SYS_fcntl, 1, "F_", false},
    {SYS_madvise, 2, "MADV_", false},
    {SYS_personality, 0, "PER_", false},
});

}  // namespace

std::optional<std::uint64_t> parse_symbol(std::string_view text) {
  std::uint64_t value = 0;
  while (true) {
    const std::size_t bar = text.find('|');
    std::string_view part = text.substr(0, bar);
    while (part.starts_with(' ')) {
      part.remove_prefix(1);
    }
    while (part.ends_with(' ')) {
      part.remove_suffix(1);
    }
    const std::optional<std::uint64_t> one = parse_one(part);
    if (!one) {
      return std::nullopt;
    }
    value |= *one;
    if (bar == std::string_view::npos) {
      return value;
    }
    text.remove_prefix(bar + 1);
  }
}

std::span<const std::string_view> symbol_names() { return all_symbols; }

std::string describe_argument(int syscall, unsigned index, std::uint64_t value) {
  const auto named = std::find_if(
      named_arguments.begin(), named_arguments.end(),
      [&](const NamedArgument& n) { return n.syscall == syscall && n.index == index; });
  if (named != named_arguments.end()) {
    // Kernel: each of these is an int or has its flags in the low half.
    const std::uint64_t low = value & 0xffffffff;
    if (named->flags) {
      return describe_flags(named->prefix, low);
    }
    if (const std::string_view name = find_value(named->prefix, low); !name.empty()) {
      return std::string(name);
    }
  }
  return value < 10'000 ? fmt::format("{}", value) : fmt::format("{:#x}", value);
}

}  // namespace sb::policy
