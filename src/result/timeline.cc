#include "result/timeline.h"

#include <algorithm>

namespace sb::result {
namespace {

constexpr std::uint64_t first_step_ns = 1'000'000;

}  // namespace

void Timeline::add(bool is_error, std::uint64_t time_ns, std::uint64_t size) {
  if (size == 0) {
    return;
  }
  append({is_error, time_ns, size});
  while (chunks_.size() >= most_chunks) {
    coarsen();
  }
}

void Timeline::append(const OutputChunk& chunk) {
  std::optional<std::size_t>& last = last_.at(chunk.is_error ? 1 : 0);
  // Why only a neighbour while all fit: else the order of the two streams would be lost.
  const bool may_join = last && (step_ns_ > 0 || *last + 1 == chunks_.size());
  if (may_join && chunk.time_ns - chunks_[*last].time_ns <= step_ns_) {
    chunks_[*last].size += chunk.size;
    return;
  }
  last = chunks_.size();
  chunks_.push_back(chunk);
}

// Limit: a program that writes single bytes for hours has its delays to within a step, which
// doubles whenever there are too many entries.
void Timeline::coarsen() {
  step_ns_ = std::max(first_step_ns, 2 * step_ns_);
  std::vector<OutputChunk> fine = std::move(chunks_);
  chunks_.clear();
  last_ = {};
  for (const OutputChunk& chunk : fine) {
    append(chunk);
  }
}

}  // namespace sb::result
