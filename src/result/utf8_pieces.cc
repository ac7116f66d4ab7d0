#include "result/utf8_pieces.h"

#include "result/utf8.h"

namespace sb::result {

void Utf8Pieces::add(std::string_view bytes, const Take& take) {
  const std::string joined = held_.empty() ? std::string() : held_ + std::string(bytes);
  const std::string_view all = held_.empty() ? bytes : std::string_view(joined);
  const std::size_t tail = utf8_incomplete_tail(all);
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

}  // namespace sb::result
