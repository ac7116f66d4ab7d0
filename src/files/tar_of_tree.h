// TarOfTree: a file or a directory with all below it as a plain tar archive, made piece by piece.
// Must not follow a link, wait for a pipe or open a device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/spec.h"
#include "sys/beneath.h"
#include "sys/fd.h"

namespace sb::files {

class TarOfTree {
 public:
  struct How {
    std::optional<policy::Owner> reader;  // whose rights to read with; none: our own
    bool one_file_system = false;         // of what is mounted below: the directory alone
    bool skips_closed = false;            // what can't be read is left out, and counted
  };

  // `top` is open for reading, or a directory; in the archive it is called `name`.
  TarOfTree(sys::Fd top, std::string name, How how);

  // Appends the next piece, some 256 KiB at most. False at the end, or where err() says why not.
  bool next(std::string& archive);

  int err() const { return err_; }
  const std::string& failed_at() const { return failed_at_; }  // in the archive
  // Sockets, pipes and devices; and what was closed, as asked for.
  std::uint64_t skipped() const { return skipped_; }

 private:
  struct Level {
    sys::Fd directory;
    std::string path;
    std::vector<std::string> names;
    std::size_t at = 0;
    std::uint64_t device = 0;
  };

  bool fail(int err, const std::string& path);
  bool enter(sys::Fd fd, const std::string& path, std::string& archive);
  bool add(const std::string& name, std::string& archive);
  bool add_opened(sys::Fd handle, const struct ::stat& status, const std::string& path,
                  std::string& archive);
  bool read_file(std::string& archive);

  How how_;
  std::vector<Level> levels_;
  sys::Fd file_;  // that is being read
  std::string file_path_;
  std::uint64_t file_size_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t skipped_ = 0;
  sys::Fd top_;
  std::string top_name_;
  bool ended_ = false;
  int err_ = 0;
  std::string failed_at_;
};

}  // namespace sb::files
