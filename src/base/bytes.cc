#include "base/bytes.h"

#include <algorithm>

namespace sb {
namespace {

constexpr std::size_t least_growth = 65'536;

}  // namespace

char* Bytes::room(std::size_t size) {
  if (capacity_ - size_ < size) {
    // Why: by a quarter: a large block is moved by changing page tables, so that often is cheap,
    // and a doubled one could be more than the system would promise.
    const std::size_t capacity =
        std::max(size_ + size, capacity_ + std::max(capacity_ / 4, least_growth));
    // Safety: realloc leaves the old block where it fails, and owns it where it does not.
    void* const moved = std::realloc(data_.get(), capacity);  // NOLINT(*-no-malloc)
    if (moved == nullptr) {
      return nullptr;
    }
    (void)data_.release();
    data_.reset(static_cast<char*>(moved));
    capacity_ = capacity;
  }
  return data_.get() + size_;
}

bool Bytes::append(std::string_view bytes) {
  char* const end = room(bytes.size());
  if (end == nullptr && !bytes.empty()) {
    return false;
  }
  std::copy(bytes.begin(), bytes.end(), end);
  grew(bytes.size());
  return true;
}

}  // namespace sb
