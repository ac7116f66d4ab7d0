// LatePages: memory that a sandbox shares with its supervisor until its program runs: the command
// that it is told late.
// Must not be read back: what inside writes there is nobody's word.
#pragma once

#include <utility>

#include "base/error.h"
#include "launch/inside/plan.h"
#include "policy/spec.h"

namespace sb::launch {

class LatePages {
 public:
  // Errors: launch.clone.
  static Result<LatePages> create();
  LatePages(LatePages&& other) noexcept : start_(std::exchange(other.start_, nullptr)) {}
  LatePages& operator=(LatePages&&) = delete;
  ~LatePages();

  // Where the command will be; these do not change.
  const char* program() const;
  char* const* argv() const;
  char* const* environment() const;

  inside::LateCommand& steps() const;
  // False: it does not fit.
  bool set_command(const policy::Command& command);
  // A copy of it for a step; nullptr: it does not fit.
  const char* keep(std::string_view text);

 private:
  explicit LatePages(char* start) : start_(start) {}
  bool fill(char** pointers, const std::vector<std::string>& words);

  char* start_;
  std::size_t used_ = 0;  // of the room for strings
};

}  // namespace sb::launch
