#include "seccomp/range_tree.h"

#include <map>
#include <random>

#include <doctest/doctest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "seccomp/evaluate.h"

using namespace sb::seccomp;

namespace {

bool always(std::uint32_t) { return true; }

// A filter that says it number by number, as plainly as can be.
BpfProgram list_of(const std::map<std::uint32_t, std::uint32_t>& values, std::uint32_t otherwise) {
  BpfProgram program{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))}};
  for (const auto& [number, value] : values) {
    program.instructions.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    program.instructions.push_back(BPF_STMT(BPF_RET | BPF_K, value));
  }
  program.instructions.push_back(BPF_STMT(BPF_RET | BPF_K, otherwise));
  return program;
}

std::uint32_t answer(const BpfProgram& tree, std::uint32_t number) {
  BpfProgram program{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))}};
  program.instructions.insert(program.instructions.end(), tree.instructions.begin(),
                              tree.instructions.end());
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  const std::optional<std::uint32_t> value = evaluate(program, data);
  REQUIRE(value.has_value());
  return *value;
}

}  // namespace

// Red: in range_tree.cc, write `middle + 1` for the right half and leave out the trial at the end.
TEST_CASE("range tree: the same value for every number of a random list") {
  std::mt19937 random(20260101);
  for (const std::uint32_t highest : {0U, 1U, 7U, 470U, 3000U}) {
    for (int round = 0; round < 8; ++round) {
      std::uniform_int_distribution<std::uint32_t> value_of(0,
                                                            static_cast<std::uint32_t>(round) % 5);
      std::map<std::uint32_t, std::uint32_t> values;
      for (std::uint32_t number = 0; number <= highest; ++number) {
        if (random() % 2 == 0) {
          values[number] = SECCOMP_RET_ERRNO | value_of(random);
        }
      }
      const BpfProgram list = list_of(values, SECCOMP_RET_ALLOW);
      const std::optional<BpfProgram> tree = as_range_tree(list, highest, always);
      REQUIRE(tree.has_value());
      for (std::uint32_t number = 0; number <= highest; ++number) {
        const auto known = values.find(number);
        CHECK(answer(*tree, number) == (known != values.end() ? known->second : SECCOMP_RET_ALLOW));
      }
    }
  }
}

// Red: in ranges_of, do not look at is_asked.
TEST_CASE("range tree: a number that nobody asks makes no range of its own") {
  std::map<std::uint32_t, std::uint32_t> values;
  for (std::uint32_t number = 0; number <= 400; number += 2) {
    values[number] = SECCOMP_RET_USER_NOTIF;
  }
  const auto is_even = [](std::uint32_t number) { return number % 2 == 0; };
  const BpfProgram list = list_of(values, SECCOMP_RET_ALLOW);
  const std::optional<BpfProgram> tree = as_range_tree(list, 400, is_even);
  REQUIRE(tree.has_value());
  CHECK(tree->instructions.size() == 1);
  CHECK(answer(*tree, 0) == SECCOMP_RET_USER_NOTIF);
}

// Red: return the tree without trying it, and take a missing value for SECCOMP_RET_ALLOW.
TEST_CASE("range tree: nothing is made of a program that the kernel would not take") {
  BpfProgram endless = list_of({{3, SECCOMP_RET_ERRNO}}, SECCOMP_RET_ALLOW);
  endless.instructions.pop_back();
  CHECK_FALSE(as_range_tree(endless, 10, always).has_value());
  CHECK_FALSE(as_range_tree({}, 10, always).has_value());
}
