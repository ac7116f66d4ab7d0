#include "result/output_events.h"

#include <algorithm>

#include "result/events.h"
#include "result/utf8.h"

namespace sb::result {
namespace {

// Limit: as much output as makes one line; a reader need not hold more than 16 KiB of it.
constexpr std::size_t largest_piece = 16'384;
// Of the start of a character that OutputPieces holds from one call to the next.
constexpr std::size_t most_held = 8;

std::string_view name_of(bool is_error) { return is_error ? "stderr" : "stdout"; }

}  // namespace

void OutputEvents::add(bool is_error, std::uint64_t time_ns, std::string_view bytes,
                       const Take& take) {
  const OutputPieces::Take piece = taker(is_error, time_ns, take);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), largest_piece - most_held))) {
    pieces_.at(is_error ? 1 : 0).add(bytes.substr(0, largest_piece - most_held), piece);
  }
}

void OutputEvents::end(bool is_error, std::uint64_t time_ns, const Take& take) {
  pieces_.at(is_error ? 1 : 0).finish(taker(is_error, time_ns, take));
}

OutputPieces::Take OutputEvents::taker(bool is_error, std::uint64_t time_ns, const Take& take) {
  return [this, is_error, time_ns, &take](std::optional<std::uint64_t> own_ns,
                                          std::string_view piece) {
    if (joins_ || own_ns) {
      return join(is_error, own_ns.value_or(time_ns), piece, take);
    }
    flush(take);
    take(output_event(time_ns, name_of(is_error), piece));
  };
}

// Why cut here again: lines are to end at the same bytes, however these were read.
void OutputEvents::join(bool is_error, std::uint64_t time_ns, std::string_view piece,
                        const Take& take) {
  if (is_error != held_is_error_ || time_ns != held_ns_) {
    flush(take);
  }
  held_is_error_ = is_error;
  held_ns_ = time_ns;
  held_ += piece;
  while (held_.size() >= largest_piece) {
    const std::string_view line = std::string_view(held_).substr(0, largest_piece);
    const std::size_t size = line.size() - utf8_incomplete_tail(line);
    take(output_event(time_ns, name_of(is_error), line.substr(0, size)));
    held_.erase(0, size);
  }
}

void OutputEvents::flush(const Take& take) {
  if (!held_.empty()) {
    take(output_event(held_ns_, name_of(held_is_error_), held_));
    held_.clear();
  }
}

std::optional<std::uint64_t> OutputEvents::held_ns() const {
  return held_.empty() ? std::nullopt : std::optional(held_ns_);
}

}  // namespace sb::result
