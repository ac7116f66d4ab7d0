#include "supervise/event_stream.h"

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

}  // namespace sb::supervise
