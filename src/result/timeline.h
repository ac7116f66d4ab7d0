// Timeline: when the bytes of stdout and stderr came, in the order in which they were read.
// Must not hold the bytes, nor more than a bounded number of entries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace sb::result {

struct OutputChunk {
  bool is_error = false;      // of stderr
  std::uint64_t time_ns = 0;  // since the program began
  std::uint64_t size = 0;     // of its stream's next bytes
};

class Timeline {
 public:
  // Limit: at the most it costs 2 MiB here and as many lines in a document.
  static constexpr std::size_t most_chunks = 65'536;

  // Times never go back. What comes at the time of the entry before belongs to it.
  void add(bool is_error, std::uint64_t time_ns, std::uint64_t size);
  std::vector<OutputChunk> take() { return std::move(chunks_); }

 private:
  void append(const OutputChunk& chunk);
  void coarsen();

  std::vector<OutputChunk> chunks_;
  std::array<std::optional<std::size_t>, 2> last_;  // of each stream, its place in chunks_
  std::uint64_t step_ns_ = 0;  // what is nearer to each other than this is one instant
};

}  // namespace sb::result
