// Utf8Pieces: cuts a stream into pieces that never split a UTF-8 sequence, so that text stays text.
// Must not hold more than three bytes from one call to the next.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sb::result {

class Utf8Pieces {
 public:
  using Take = std::function<void(std::string_view piece)>;
  void add(std::string_view bytes, const Take& take);
  void finish(const Take& take);  // what is held is given as it is

 private:
  std::string held_;
};

}  // namespace sb::result
