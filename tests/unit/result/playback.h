// What a Go program built with -tags=faketime writes.
// Must not use the code under test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sbtest {

inline constexpr std::uint64_t playback_start = 1'257'894'000'000'000'000;

// A header with these fields, as they are.
inline std::string playback_header(std::uint64_t stamp, std::uint32_t length) {
  std::string header("\0\0PB", 4);
  for (int shift = 56; shift >= 0; shift -= 8) {
    header += static_cast<char>(stamp >> shift);
  }
  for (int shift = 24; shift >= 0; shift -= 8) {
    header += static_cast<char>(length >> shift);
  }
  return header;
}

// Bytes with their header, `time_ns` after the start of such programs.
inline std::string framed(std::uint64_t time_ns, std::string_view bytes) {
  return playback_header(playback_start + time_ns, static_cast<std::uint32_t>(bytes.size())) +
         std::string(bytes);
}

}  // namespace sbtest
