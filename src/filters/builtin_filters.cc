#include "filters/builtin_filters.h"

#include <array>

namespace sb::filters {
namespace {

using Setting = std::pair<std::string_view, std::string_view>;

struct Entry {
  policy::PreparedProfile profile;
  std::span<const sock_filter> program;
  std::span<const sock_filter> without_set_id_bits;
};

// Made by make_filters.cc: two arrays a profile, `fingerprint` of them all, and `entries`.
#include "builtin_filters.inc"

}  // namespace

std::optional<std::span<const sock_filter>> builtin_filter(std::string_view profile_sha256,
                                                           bool set_id_bits_forbidden) {
  for (const Entry& entry : entries) {
    if (entry.profile.sha256 == profile_sha256) {
      return set_id_bits_forbidden ? entry.without_set_id_bits : entry.program;
    }
  }
  return std::nullopt;
}

std::string_view compiler_fingerprint() { return fingerprint; }

const policy::PreparedProfile* builtin_profile(std::string_view name) {
  for (const Entry& entry : entries) {
    if (entry.profile.name == name) {
      return &entry.profile;
    }
  }
  return nullptr;
}

}  // namespace sb::filters
