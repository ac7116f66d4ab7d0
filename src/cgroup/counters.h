// Counters: the files of a group's directory that tell numbers; those read in each run stay open.
// Must not know what a file means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace sb::cgroup {

class Counters {
 public:
  // `directory` is borrowed. Those of `files` that can be opened stay so; all others are looked for
  // each time that they are asked for.
  void open(sys::FdRef directory, const std::vector<const char*>& files);

  // What a file holds now; empty if it can't be read.
  std::string text(const char* file) const;
  // The number that it holds; nullopt if it can't be read or says "max".
  std::optional<std::uint64_t> number(const char* file) const;
  // The number after `key` in a file of "key value" lines.
  std::optional<std::uint64_t> value(const char* file, std::string_view key) const;

 private:
  struct Open {
    const char* name;
    sys::Fd fd;
  };

  sys::FdRef directory_;
  std::vector<Open> open_;
};

// The number after `key` in a text of "key value" lines.
std::optional<std::uint64_t> value_in(std::string_view text, std::string_view key);

}  // namespace sb::cgroup
