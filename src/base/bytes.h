// Bytes: a growable buffer for what a program wrote; only what is in it takes memory.
// Must not copy what it holds as it grows, nor zero what it is about to be given.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

namespace sb {

class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string_view copied) { append(copied); }
  Bytes(Bytes&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() = default;

  std::string_view view() const { return {data_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Where to put the next `size` bytes at most; grew() then says how many came. Valid until the
  // next call. nullptr where memory is short, and nothing is lost.
  char* room(std::size_t size);
  void grew(std::size_t size) { size_ += size; }

  // False where memory is short: nothing was added.
  bool append(std::string_view bytes);

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };

  std::unique_ptr<char, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sb
