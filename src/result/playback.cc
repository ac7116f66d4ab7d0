#include "result/playback.h"

#include <algorithm>

namespace sb::result {
namespace {

constexpr std::size_t header_size = 16;
constexpr std::size_t time_at = 4;
constexpr std::size_t length_at = 12;
// The time of the first release of Go, at which the clock of such programs starts.
constexpr std::int64_t epoch_ns = 1'257'894'000'000'000'000;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return value;
}

// How many bytes at the end of text begin the magic without being all of it.
std::size_t magic_tail(std::string_view text) {
  std::size_t size = std::min(text.size(), playback_magic.size() - 1);
  while (!text.ends_with(playback_magic.substr(0, size))) {
    --size;
  }
  return size;
}

}  // namespace

std::optional<PlaybackDecoder::Piece> PlaybackDecoder::next(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      const std::string_view part = bytes.substr(0, left_);
      bytes.remove_prefix(part.size());
      left_ -= static_cast<std::uint32_t>(part.size());
      return Piece{time_ns_, part};
    }
    if (const std::optional<Piece> piece =
            held_.empty() ? find_header(bytes) : complete_header(bytes)) {
      return piece;
    }
  }
  return std::nullopt;
}

std::optional<PlaybackDecoder::Piece> PlaybackDecoder::find_header(std::string_view& bytes) {
  const std::size_t at = bytes.find(playback_magic);
  const std::size_t before = at == std::string_view::npos ? bytes.size() - magic_tail(bytes) : at;
  if (before > 0) {
    const std::string_view text = bytes.substr(0, before);
    bytes.remove_prefix(before);
    return Piece{time_ns_, text};
  }
  const std::string_view start = bytes.substr(0, header_size);
  bytes.remove_prefix(start.size());
  if (start.size() < header_size) {
    held_ = start;
    return std::nullopt;
  }
  begin_frame(start);
  return Piece{time_ns_, {}};
}

std::optional<PlaybackDecoder::Piece> PlaybackDecoder::complete_header(std::string_view& bytes) {
  while (held_.size() < header_size && !bytes.empty()) {
    held_ += bytes.front();
    bytes.remove_prefix(1);
    const std::string_view start = std::string_view(held_).substr(0, playback_magic.size());
    if (!playback_magic.starts_with(start)) {
      const std::size_t kept = magic_tail(held_);
      given_ = held_.substr(0, held_.size() - kept);
      held_.erase(0, given_.size());
      return Piece{time_ns_, given_};
    }
  }
  if (held_.size() < header_size) {
    return std::nullopt;
  }
  begin_frame(held_);
  held_.clear();
  return Piece{time_ns_, {}};
}

void PlaybackDecoder::begin_frame(std::string_view header) {
  const auto stamp =
      static_cast<std::int64_t>(big_endian(header.substr(time_at, length_at - time_at)));
  if (stamp > epoch_ns) {
    time_ns_ = std::max(time_ns_, static_cast<std::uint64_t>(stamp - epoch_ns));
  }
  left_ = static_cast<std::uint32_t>(big_endian(header.substr(length_at)));
}

std::optional<PlaybackDecoder::Piece> PlaybackDecoder::finish() {
  ended_in_header_ = held_.size() >= playback_magic.size();
  if (held_.empty()) {
    return std::nullopt;
  }
  given_ = std::move(held_);
  held_.clear();
  return Piece{time_ns_, given_};
}

}  // namespace sb::result
