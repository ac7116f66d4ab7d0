// OutputEvents: what `--events` tells of both output streams. What comes at one instant of a clock
// that stands still is one line, whatever the pieces were that it was read in.
// Must not know when that was, nor who reads the lines.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "result/output_pieces.h"

namespace sb::result {

class OutputEvents {
 public:
  // Called with whole lines, in the order of what they tell.
  using Take = std::function<void(std::string_view line)>;

  // `joins`: the clock stands still (policy::ClockMode). Streams that tell their own times
  // (playback headers) have their instants joined in any case.
  explicit OutputEvents(bool joins) : joins_(joins) {}

  // `time_ns`: as in result/events.h, of these bytes.
  void add(bool is_error, std::uint64_t time_ns, std::string_view bytes, const Take& take);
  // The stream has come to its end.
  void end(bool is_error, std::uint64_t time_ns, const Take& take);
  // What is held is told: at the latest before any other event.
  void flush(const Take& take);
  // The instant whose output is held; nullopt: nothing is.
  std::optional<std::uint64_t> held_ns() const;

 private:
  OutputPieces::Take taker(bool is_error, std::uint64_t time_ns, const Take& take);
  void join(bool is_error, std::uint64_t time_ns, std::string_view piece, const Take& take);

  bool joins_;
  std::array<OutputPieces, 2> pieces_;  // of stdout and stderr
  bool held_is_error_ = false;
  std::uint64_t held_ns_ = 0;
  std::string held_;
};

}  // namespace sb::result
