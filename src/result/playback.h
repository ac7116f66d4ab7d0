// PlaybackDecoder: takes the playback headers that Go programs built with -tags=faketime write out
// of one stream, as the Go Playground's own decoder does. Must not know what becomes of the pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sb::result {

// A header and what it announces:
//
//   4 bytes  "\0\0PB"
//   8 bytes  big-endian: ns since 1970, when the bytes were written
//   4 bytes  big-endian: how many bytes follow
inline constexpr std::string_view playback_magic{"\0\0PB", 4};

class PlaybackDecoder {
 public:
  // Bytes of one instant: ns since the start of such programs, 2009-11-10T23:00:00Z, which never
  // go back within a stream. Each header gives an empty one first.
  struct Piece {
    std::uint64_t time_ns = 0;
    std::string_view bytes;
  };

  // Takes from the front of `bytes`, the stream's next ones; nullopt: all are taken. What stands
  // where a header is expected belongs to the instant before. A piece is valid until the next call.
  std::optional<Piece> next(std::string_view& bytes);
  // The stream has ended: what was held in the hope of more.
  std::optional<Piece> finish();
  bool ended_in_header() const { return ended_in_header_; }  // after finish()

 private:
  std::optional<Piece> find_header(std::string_view& bytes);
  std::optional<Piece> complete_header(std::string_view& bytes);
  void begin_frame(std::string_view header);

  std::string held_;   // the start of a header, or what may become one
  std::string given_;  // what the last piece refers to, where it was held
  std::uint64_t time_ns_ = 0;
  std::uint32_t left_ = 0;  // of the bytes that the last header announced
  bool ended_in_header_ = false;
};

}  // namespace sb::result
