#include "supervise/event_stream.h"

#include "result/utf8.h"

namespace sb::supervise {
namespace {

// Limit: what is held for a reader: output up to the first, and at most one piece more; other lines
// up to the second.
constexpr std::size_t full_bytes = 65'536;
constexpr std::size_t drop_bytes = 1'048'576;

}  // namespace

EventStream::EventStream(EventLoop& loop, sys::FdRef fd, const std::function<void()>& on_change)
    : outlet_(loop, fd, {.on_drained = on_change, .on_end = [this, on_change](int err) {
                           err_ = err;
                           on_change();
                         }}) {}

void EventStream::add(std::string_view line) { outlet_.put(line); }

void EventStream::add_or_drop(std::string_view line) {
  if (outlet_.pending() > drop_bytes) {
    ++dropped_;
    return;
  }
  outlet_.put(line);
}

bool EventStream::is_full() const { return outlet_.pending() > full_bytes; }

void Utf8Pieces::add(std::string_view bytes, const Take& take) {
  const std::string joined = held_.empty() ? std::string() : held_ + std::string(bytes);
  const std::string_view all = held_.empty() ? bytes : std::string_view(joined);
  const std::size_t tail = result::utf8_incomplete_tail(all);
  held_ = all.substr(all.size() - tail);
  if (tail < all.size()) {
    take(all.substr(0, all.size() - tail));
  }
}

void Utf8Pieces::finish(const Take& take) {
  if (!held_.empty()) {
    take(held_);
    held_.clear();
  }
}

}  // namespace sb::supervise
