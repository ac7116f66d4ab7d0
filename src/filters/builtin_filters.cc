#include "filters/builtin_filters.h"

#include <array>

namespace sb::filters {
namespace {

struct Entry {
  std::string_view sha256;
  std::span<const sock_filter> program;
};

// Made by make_filters.cc: one array a profile, and `entries`.
#include "builtin_filters.inc"

}  // namespace

std::optional<std::span<const sock_filter>> builtin_filter(std::string_view profile_sha256) {
  for (const Entry& entry : entries) {
    if (entry.sha256 == profile_sha256) {
      return entry.program;
    }
  }
  return std::nullopt;
}

}  // namespace sb::filters
