// Durations and sizes as people write them, to numbers and back.
// Must not know what is being limited.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sb {

// "250ms", "2s", "1m30s", "1h", "10us"; a plain number (also "1.5") is seconds. Nanoseconds, at
// most ten years. nullopt for anything else: negative, empty, unknown unit, out of range.
std::optional<std::uint64_t> parse_duration_ns(std::string_view text);

// "64K", "256M", "1G", "1T" and KiB/MiB/GiB/TiB are powers of 1024; kB/MB/GB/TB powers of 1000;
// a plain number is bytes. At most 2^60 bytes. nullopt for anything else.
std::optional<std::uint64_t> parse_size_bytes(std::string_view text);

// The whole text as a decimal number without sign; nullopt for anything else.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

// "2 s", "250 ms", "1 m 30 s", "2.003 s": exactly this long, and without its spaces
// parse_duration_ns() reads it.
std::string format_duration(std::uint64_t ns);
std::string format_seconds(std::uint64_t ns);  // "2.003 s"
std::string format_size(std::uint64_t bytes);  // "512 MiB", "1000 bytes"

}  // namespace sb
