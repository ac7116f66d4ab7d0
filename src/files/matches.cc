#include "files/matches.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <fnmatch.h>

#include "base/split.h"
#include "sys/beneath.h"
#include "sys/files.h"

namespace sb::files {
namespace {

// Limit: of names that are kept at a time, and that are looked at in all.
constexpr std::size_t most_paths = 10'000;
constexpr std::size_t most_names = 500'000;

// None where there is no directory, or none that the reader may read.
sys::Listing names_in(sys::FdRef root, const std::string& directory,
                      const std::optional<policy::Owner>& reader) {
  std::optional<sys::FileRights> rights;
  if (reader) {
    rights.emplace(reader->uid, reader->gid);
    if (rights->err() != 0) {
      return {};
    }
  }
  const sys::OpenResult opened = sys::open_beneath(
      root, directory.empty() ? "" : directory.substr(1), O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  sys::Listing listing = opened.err == 0 ? sys::list_directory(opened.fd.ref()) : sys::Listing();
  std::sort(listing.names.begin(), listing.names.end());
  return listing;
}

}  // namespace

bool is_pattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

Matches matches_of(sys::FdRef root, const std::string& pattern,
                   const std::optional<policy::Owner>& reader) {
  Matches found{.paths = {""}};
  std::size_t seen = 0;
  for (const std::string& part : split(pattern, '/')) {
    if (part.empty()) {
      continue;
    }
    std::vector<std::string> next;
    for (const std::string& path : found.paths) {
      if (!is_pattern(part)) {
        next.push_back(fmt::format("{}/{}", path, part));
        continue;
      }
      const sys::Listing listing = names_in(root, path, reader);
      if (listing.err != 0) {
        return {.paths = {}, .err = listing.err};
      }
      for (const std::string& name : listing.names) {
        if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD | FNM_NOESCAPE) == 0) {
          next.push_back(fmt::format("{}/{}", path, name));
        }
        if (++seen > most_names || next.size() > most_paths) {
          return {.paths = {}, .err = E2BIG};
        }
      }
    }
    found.paths = std::move(next);
  }
  return found;
}

}  // namespace sb::files
