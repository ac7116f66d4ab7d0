#include "policy/syscall_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sb::policy {
namespace {

using Entry = std::pair<int, std::string_view>;

constexpr auto x86_64 = std::to_array<Entry>({
#include "policy/syscalls_x86_64.inc"
});

constexpr auto i386 = std::to_array<Entry>({
#include "policy/syscalls_i386.inc"
});

constexpr std::string_view foreign[] = {
#include "policy/syscalls_foreign.inc"
};

constexpr auto by_number = [](const Entry& a, const Entry& b) { return a.first < b.first; };
static_assert(std::is_sorted(x86_64.begin(), x86_64.end(), by_number));
static_assert(std::is_sorted(i386.begin(), i386.end(), by_number));
static_assert(x86_64.back().first == highest_syscall);

constexpr auto names = [] {
  std::array<std::string_view, x86_64.size()> all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = x86_64[i].second;
  }
  return all;
}();

std::string_view find_name(std::span<const Entry> table, int number) {
  const auto at = std::lower_bound(table.begin(), table.end(), Entry{number, {}}, by_number);
  return at != table.end() && at->first == number ? at->second : std::string_view();
}

}  // namespace

std::optional<int> number_of(std::string_view name) {
  for (const auto& [number, known] : x86_64) {
    if (known == name) {
      return number;
    }
  }
  return std::nullopt;
}

std::string_view name_of(int number) { return find_name(x86_64, number); }

std::string_view name_of_i386(int number) { return find_name(i386, number); }

bool is_foreign_name(std::string_view name) {
  return std::find(std::begin(foreign), std::end(foreign), name) != std::end(foreign) ||
         std::any_of(i386.begin(), i386.end(),
                     [&](const Entry& entry) { return entry.second == name; });
}

std::span<const std::string_view> syscall_names() { return names; }

}  // namespace sb::policy
