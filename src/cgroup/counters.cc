#include "cgroup/counters.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <unistd.h>

#include "base/split.h"
#include "base/units.h"
#include "cgroup/files.h"
#include "sys/files.h"

namespace sb::cgroup {
void Counters::open(sys::FdRef directory, const std::vector<const char*>& files) {
  directory_ = directory;
  for (const char* const file : files) {
    sys::OpenResult opened = sys::open_at(directory, file, O_RDONLY);
    if (opened.err == 0) {
      open_.push_back({file, std::move(opened.fd)});
    }
  }
}

std::string Counters::text(const char* file) const {
  const auto found = std::find_if(open_.begin(), open_.end(), [file](const Open& open) {
    return std::string_view(open.name) == file;
  });
  if (found != open_.end()) {
    // Kernel: read from its start such a file says anew what is now.
    std::array<char, 4096> buffer;  // NOLINT(*-member-init): pread() fills what is used
    const ssize_t got = ::pread(found->fd.number(), buffer.data(), buffer.size(), 0);
    if (got > 0 && static_cast<std::size_t>(got) < buffer.size()) {
      return {buffer.data(), static_cast<std::size_t>(got)};
    }
  }
  sys::ReadResult read = sys::read_file_at(directory_, file, largest_file);
  return read.err == 0 ? std::move(read.data) : std::string();
}

std::optional<std::uint64_t> Counters::number(const char* file) const {
  return parse_unsigned(first_line(text(file)));
}

std::optional<std::uint64_t> Counters::value(const char* file, std::string_view key) const {
  return value_in(text(file), key);
}

std::optional<std::uint64_t> value_in(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = first_line(text);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      return parse_unsigned(line.substr(key.size() + 1));
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::nullopt;
}

}  // namespace sb::cgroup
