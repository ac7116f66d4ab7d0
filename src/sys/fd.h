// Fd owns a descriptor, FdRef borrows one; above sys/ no bare int crosses a function boundary.
// Must not know what is behind a descriptor.
#pragma once

#include <utility>

namespace sb::sys {

class FdRef {
 public:
  constexpr FdRef() = default;
  constexpr explicit FdRef(int number) : number_(number) {}
  constexpr int number() const { return number_; }
  constexpr bool valid() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  void reset();
  FdRef ref() const { return FdRef(number_); }
  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

}  // namespace sb::sys
