#include "seccomp/range_tree.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "seccomp/evaluate.h"

namespace sb::seccomp {
namespace {

// From `first` on, to the next range's, every number gives `value`.
struct Range {
  std::uint32_t first;
  std::uint32_t value;
};

std::optional<std::uint32_t> answer(const BpfProgram& program, std::uint32_t number) {
  seccomp_data data{};
  data.arch = AUDIT_ARCH_X86_64;
  data.nr = static_cast<int>(number);
  return evaluate(program, data);
}

// Numbers that nobody asks belong to the range before them. Empty: see as_range_tree.
std::vector<Range> ranges_of(const BpfProgram& program, std::uint32_t highest,
                             const std::function<bool(std::uint32_t)>& is_asked) {
  std::vector<Range> ranges;
  for (std::uint32_t number = 0; number <= highest; ++number) {
    if (!is_asked(number)) {
      continue;
    }
    const std::optional<std::uint32_t> value = answer(program, number);
    if (!value) {
      return {};
    }
    if (ranges.empty() || ranges.back().value != *value) {
      ranges.push_back({ranges.empty() ? 0 : number, *value});
    }
  }
  return ranges;
}

// Writes from the end to the beginning: a jump of BPF goes forward, so that its end is there first.
class Writer {
 public:
  // The code for ranges first..last; returns its place.
  std::size_t write(const std::vector<Range>& ranges, std::size_t first, std::size_t last) {
    if (first == last) {
      return place_of(ranges[first].value);
    }
    const std::size_t middle = first + (last - first + 1) / 2;
    std::size_t at_least = write(ranges, middle, last);
    std::size_t below = write(ranges, first, middle - 1);
    // Why the latter first: what is written in between moves the other one further away.
    below = within_reach(below, 1);
    at_least = within_reach(at_least, 0);
    push(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, distance(at_least),
                  distance(below)));
    return code_.size() - 1;
  }

  BpfProgram finish() && {
    std::reverse(code_.begin(), code_.end());
    return {std::move(code_)};
  }

 private:
  static constexpr std::size_t longest_jump = 255;

  void push(const sock_filter& instruction) { code_.push_back(instruction); }

  // Of a jump that is written next.
  std::uint8_t distance(std::size_t place) const {
    return static_cast<std::uint8_t>(code_.size() - place - 1);
  }

  // A place that leads to `place`, near enough to be jumped at once `more` is written.
  std::size_t within_reach(std::size_t place, std::size_t more) {
    if (code_.size() + more - place - 1 <= longest_jump) {
      return place;
    }
    const auto far = static_cast<std::uint32_t>(code_.size() - place - 1);
    push(BPF_STMT(BPF_JMP | BPF_JA, far));
    return code_.size() - 1;
  }

  // The last return of this value, or a new one where that is far away.
  std::size_t place_of(std::uint32_t value) {
    constexpr std::size_t near = 100;
    for (const auto& [known, place] : returns_) {
      if (known == value && code_.size() - place < near) {
        return place;
      }
    }
    push(BPF_STMT(BPF_RET | BPF_K, value));
    std::erase_if(returns_, [value](const auto& known) { return known.first == value; });
    returns_.emplace_back(value, code_.size() - 1);
    return code_.size() - 1;
  }

  std::vector<sock_filter> code_;
  std::vector<std::pair<std::uint32_t, std::size_t>> returns_;
};

}  // namespace

std::optional<BpfProgram> as_range_tree(const BpfProgram& program, std::uint32_t highest,
                                        const std::function<bool(std::uint32_t)>& is_asked) {
  const std::vector<Range> ranges = ranges_of(program, highest, is_asked);
  if (ranges.empty()) {
    return std::nullopt;
  }
  Writer writer;
  (void)writer.write(ranges, 0, ranges.size() - 1);
  BpfProgram tree = std::move(writer).finish();
  // Safety: tried on all numbers, so that a mistake above can't weaken a policy.
  BpfProgram loaded{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))}};
  loaded.instructions.insert(loaded.instructions.end(), tree.instructions.begin(),
                             tree.instructions.end());
  for (std::uint32_t number = 0; number <= highest; ++number) {
    const std::optional<std::uint32_t> value = answer(loaded, number);
    if (!value || (is_asked(number) && value != answer(program, number))) {
      return std::nullopt;
    }
  }
  return tree;
}

}  // namespace sb::seccomp
