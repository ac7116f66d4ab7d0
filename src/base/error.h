// Error: what the sandbox (never the target) could not do. Result<T>: a value or an Error.
// Must not log, format for people beyond to_line(), or know anything of Linux but errno names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/tags.h"

namespace sb {

class [[nodiscard]] Error {
 public:
  // `doing`: a gerund, lower case, no full stop, the value that matters quoted:
  // mounting tmpfs on "/tmp". `err` is an errno value, or 0 where none applies.
  Error(Tag tag, std::string doing, int err = 0) : tag_(tag), err_(err) {
    frames_.push_back(std::move(doing));
  }

  // Adds an outer frame: what the caller was doing. Tag and errno never change on the way up.
  Error&& context(std::string doing) && {
    frames_.push_back(std::move(doing));
    return std::move(*this);
  }

  // A remedy more exact than the tag's own.
  Error&& with_hint(std::string hint) && {
    hint_ = std::move(hint);
    return std::move(*this);
  }

  // The launch stage that failed, where one did.
  Error&& with_stage(std::string_view stage) && {
    stage_ = stage;
    return std::move(*this);
  }

  Tag tag() const { return tag_; }
  int err() const { return err_; }
  // That of the tag; of a tag that blames the caller or the program, 125 where the machine is at
  // fault.
  int exit_code() const;
  std::string_view hint() const { return hint_.empty() ? info(tag_).hint : hint_; }
  std::string_view stage() const { return stage_; }

  // The innermost frame with the errno's text: `mounting tmpfs on "/tmp": No space left on device`.
  std::string message() const;
  // The outer frames, outermost first.
  std::vector<std::string> outer_frames() const;
  // Everything on one line: `starting "a": mounting tmpfs on "/tmp": No space left [launch.mount]`.
  std::string to_line() const;

 private:
  Tag tag_;
  int err_;
  std::vector<std::string> frames_;  // innermost first
  std::string hint_;
  std::string stage_;
};

// Whether an errno says that this machine ran out of something, or broke: nobody's request or
// program is to blame for that.
bool is_machine_fault(int err);

// "EACCES" for 13; "errno 4711" for a number without a name.
std::string errno_name(int err);

struct [[nodiscard]] Done {};  // the value of an operation that has none

// The subset of std::expected<T, Error> that we use, with its spelling (decisions/0001).
template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): as std::expected, so that `return value;` works.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): as std::expected, so that `return error;` works.
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool has_value() const { return state_.index() == 0; }
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

// TRY(expr): the value of expr, or return its error unchanged.
// TRY_AS(expr, doing): the same with one more frame.
#define TRY(...) TRY_IMPL_((__VA_ARGS__), std::move(try_result_).error())
#define TRY_AS(expr, doing) TRY_IMPL_((expr), std::move(try_result_).error().context(doing))
#define TRY_IMPL_(expr, failure)   \
  __extension__({                  \
    auto try_result_ = expr;       \
    if (!try_result_) {            \
      return ::sb::Error(failure); \
    }                              \
    *std::move(try_result_);       \
  })
// For operations whose value is Done.
#define CHECK(...) (void)TRY(__VA_ARGS__)
#define CHECK_AS(expr, doing) (void)TRY_AS(expr, doing)

// For our own bugs only; stays on in release.
#define SB_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::sb::assertion_failed(#condition, __FILE__, __LINE__))
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace sb
