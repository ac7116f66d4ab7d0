// KeptFiles: bytes kept under a name between runs, in a directory that only this user can write.
// Must not know what they are, nor fail a run: what can't be read is missing, what can't be kept is
// not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sb::sys {

class KeptFiles {
 public:
  struct Bounds {
    std::size_t files = 0;    // the directory holds at most as many of ours,
    std::uint64_t bytes = 0;  // of at most this size together; the oldest make room
    std::size_t size = 0;     // of one
  };

  // `format`: one line that names what is kept, and its version.
  KeptFiles(std::string directory, std::string format, Bounds bounds);

  // `key`: a SHA-256 in hex. Only what this user alone could have written, whole, under this key.
  std::optional<std::string> find(const std::string& key) const;
  // Makes the directory if need be; replaces what has that name at once.
  void keep(const std::string& key, std::string_view bytes) const;

 private:
  std::string directory_;
  std::string format_;
  Bounds bounds_;
};

}  // namespace sb::sys
