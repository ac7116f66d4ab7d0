#include "policy/arguments_in_words.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <sys/syscall.h>

#include "policy/symbols.h"

namespace sb::policy {
namespace {

constexpr std::uint64_t low_half = 0xffffffff;

// Arguments whose names are not in reports, where the value is a combination that has none.
struct Named {
  int syscall;
  unsigned index;
  std::string_view prefix;
};
constexpr auto named = std::to_array<Named>({
    {SYS_open, 1, "O_"},
    {SYS_openat, 2, "O_"},
    {SYS_socket, 1, "SOCK_"},
    {SYS_socketpair, 1, "SOCK_"},
    {SYS_socket, 2, "IPPROTO_"},
});

// The value as one name or several joined by |; empty where names do not make it up.
std::string in_names(std::string_view prefix, std::uint64_t value) {
  std::string text;
  std::uint64_t left = value;
  for (const std::string_view name : symbol_names()) {
    const std::uint64_t bits = name.starts_with(prefix) ? *parse_symbol(name) : 0;
    if (name.starts_with(prefix) && bits == value) {
      return std::string(name);
    }
    if (bits != 0 && (left & bits) == bits) {
      text += fmt::format("{}{}", text.empty() ? "" : "|", name);
      left &= ~bits;
    }
  }
  return left == 0 ? text : std::string();
}

std::string in_words(int syscall, unsigned index, std::uint64_t value) {
  for (const Named& argument : named) {
    if (argument.syscall == syscall && argument.index == index) {
      const std::string names = in_names(argument.prefix, value);
      return names.empty() ? describe_argument(syscall, index, value) : names;
    }
  }
  return describe_argument(syscall, index, value);
}

std::string test_in_words(int syscall, unsigned index, const MaskedValue& test) {
  const std::string argument = fmt::format("arg{}", index);
  if (test.mask == low_half || test.mask == ~std::uint64_t{0}) {
    return fmt::format("{} is {}", argument, in_words(syscall, index, test.value));
  }
  const std::string mask = in_words(syscall, index, test.mask);
  if (test.value == 0) {
    return fmt::format("{} has nothing of {}", argument, mask);
  }
  if (test.value == test.mask) {
    return fmt::format("{} has all of {}", argument, mask);
  }
  return fmt::format("{} & {} is {}", argument, mask, in_words(syscall, index, test.value));
}

std::string condition_in_words(int syscall, const ArgCondition& condition) {
  const std::string is = fmt::format("arg{} is ", condition.index);
  std::string text;
  for (const MaskedValue& test : condition.any_of) {
    std::string words = test_in_words(syscall, condition.index, test);
    // "arg0 is A or B", not "arg0 is A or arg0 is B".
    if (!text.empty() && words.starts_with(is) && text.starts_with(is)) {
      words.erase(0, is.size());
    }
    text += fmt::format("{}{}", text.empty() ? "" : " or ", words);
  }
  return text;
}

}  // namespace

std::string conditions_in_words(int syscall, const std::vector<ArgCondition>& conditions) {
  std::string text;
  for (const ArgCondition& condition : conditions) {
    const std::string words = condition_in_words(syscall, condition);
    text += fmt::format("{}{}", text.empty() ? "" : " and ", words);
  }
  return text;
}

std::string tests_in_words(int syscall, const std::vector<ArgTest>& tests) {
  std::vector<ArgCondition> conditions;
  conditions.reserve(tests.size());
  for (const ArgTest& test : tests) {
    conditions.push_back({test.index, {{test.mask, test.value}}});
  }
  return conditions_in_words(syscall, conditions);
}

}  // namespace sb::policy
