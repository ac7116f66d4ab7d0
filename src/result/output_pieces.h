// OutputPieces: cuts one stream into what the events tell of it: text stays text, and a stream that
// begins with a playback header tells its own times. Must not know clocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "result/playback.h"
#include "result/utf8_pieces.h"

namespace sb::result {

class OutputPieces {
 public:
  // `time_ns`: what the stream itself says (PlaybackDecoder::Piece); nullopt: nothing. Never empty.
  using Take = std::function<void(std::optional<std::uint64_t> time_ns, std::string_view piece)>;
  void add(std::string_view bytes, const Take& take);
  void finish(const Take& take);

 private:
  enum class Kind { unknown, plain, playback };

  void add_known(std::string_view bytes, const Take& take);
  void add_piece(const PlaybackDecoder::Piece& piece, const Take& take);
  void flush(const Take& take);

  Kind kind_ = Kind::unknown;
  std::string start_;  // while it is unknown: less than the magic
  PlaybackDecoder decoder_;
  std::uint64_t time_ns_ = 0;  // of what text_ holds, in a stream with headers
  Utf8Pieces text_;
};

}  // namespace sb::result
