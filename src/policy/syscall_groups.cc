#include "policy/syscall_groups.h"

#include <algorithm>
#include <array>

#include "policy/names_of.h"
#include "policy/syscall_table.h"

namespace sb::policy {
namespace {

struct Group {
  std::string_view name;
  std::string_view members;  // names and groups, separated by one space
};

constexpr auto groups = std::to_array<Group>({
#include "policy/syscall_groups_own.inc"
#include "policy/syscall_groups_systemd.inc"
});

constexpr auto all_groups = names_of(groups);

const Group* find_group(std::string_view name) {
  const auto at = std::find_if(groups.begin(), groups.end(),
                               [&](const Group& group) { return group.name == name; });
  return at != groups.end() ? &*at : nullptr;
}

void add_members(const Group& group, std::vector<std::string_view>& seen,
                 std::vector<int>& numbers) {
  if (std::find(seen.begin(), seen.end(), group.name) != seen.end()) {
    return;
  }
  seen.push_back(group.name);
  std::string_view rest = group.members;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view member = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (const Group* nested = find_group(member)) {
      add_members(*nested, seen, numbers);
    } else if (const std::optional<int> number = number_of(member); number && member != "clone3") {
      numbers.push_back(*number);
    }
  }
}

}  // namespace

std::optional<std::vector<int>> expand_group(std::string_view name) {
  const Group* group = find_group(name);
  if (group == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string_view> seen;
  std::vector<int> numbers;
  add_members(*group, seen, numbers);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::span<const std::string_view> group_names() { return all_groups; }

}  // namespace sb::policy
