#include "policy/syscall_table.h"

#include <algorithm>
#include <array>

#include "policy/names_of.h"

namespace sb::policy {
namespace {

struct Entry {
  int number;
  std::string_view name;
  unsigned arguments = 6;
};

constexpr auto x86_64 = std::to_array<Entry>({
#include "policy/syscalls_x86_64.inc"
});

constexpr auto i386 = std::to_array<Entry>({
#include "policy/syscalls_i386.inc"
});

constexpr std::string_view foreign[] = {
#include "policy/syscalls_foreign.inc"
};

constexpr auto by_number = [](const Entry& a, const Entry& b) { return a.number < b.number; };
static_assert(std::is_sorted(x86_64.begin(), x86_64.end(), by_number));
static_assert(std::is_sorted(i386.begin(), i386.end(), by_number));
static_assert(x86_64.back().number == highest_syscall);

// Why: expanding the groups of a profile looks up some 600 names before each launch.
constexpr auto by_name = [](const Entry& a, const Entry& b) { return a.name < b.name; };
constexpr auto x86_64_by_name = [] {
  auto sorted = x86_64;
  std::sort(sorted.begin(), sorted.end(), by_name);
  return sorted;
}();

constexpr auto all_names = names_of(x86_64);

const Entry* find_entry(std::span<const Entry> table, int number) {
  const auto at = std::lower_bound(table.begin(), table.end(), Entry{number, {}}, by_number);
  return at != table.end() && at->number == number ? &*at : nullptr;
}

std::string_view find_name(std::span<const Entry> table, int number) {
  const Entry* entry = find_entry(table, number);
  return entry != nullptr ? entry->name : std::string_view();
}

}  // namespace

std::optional<int> number_of(std::string_view name) {
  const auto at =
      std::lower_bound(x86_64_by_name.begin(), x86_64_by_name.end(), Entry{0, name}, by_name);
  return at != x86_64_by_name.end() && at->name == name ? std::optional(at->number) : std::nullopt;
}

std::string_view name_of(int number) { return find_name(x86_64, number); }

std::string_view name_of_i386(int number) { return find_name(i386, number); }

unsigned argument_count(int number) {
  const Entry* entry = find_entry(x86_64, number);
  return entry != nullptr ? entry->arguments : 6;
}

bool is_foreign_name(std::string_view name) {
  return std::find(std::begin(foreign), std::end(foreign), name) != std::end(foreign) ||
         std::any_of(i386.begin(), i386.end(),
                     [&](const Entry& entry) { return entry.name == name; });
}

std::span<const std::string_view> syscall_names() { return all_names; }

}  // namespace sb::policy
