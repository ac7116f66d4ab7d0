#include "result/output_pieces.h"

namespace sb::result {

// Why only at the start of a stream, though the Playground's decoder finds headers anywhere: the
// bytes of every other program stay exact, whatever it writes (decisions 0035).
void OutputPieces::add(std::string_view bytes, const Take& take) {
  if (kind_ != Kind::unknown) {
    add_known(bytes, take);
    return;
  }
  const std::string all = start_ + std::string(bytes);
  if (all.size() < playback_magic.size() && playback_magic.starts_with(all)) {
    start_ = all;
    return;
  }
  start_.clear();
  kind_ = all.starts_with(playback_magic) ? Kind::playback : Kind::plain;
  add_known(all, take);
}

void OutputPieces::add_known(std::string_view bytes, const Take& take) {
  if (kind_ == Kind::plain) {
    text_.add(bytes, [&](std::string_view piece) { take(std::nullopt, piece); });
    return;
  }
  // Why joined: such programs write a panic, and their runtime's other messages, word by word.
  std::string instant;
  std::uint64_t instant_ns = time_ns_;
  const auto give = [&] {
    if (!instant.empty()) {
      add_piece({instant_ns, instant}, take);
      instant.clear();
    }
  };
  while (const std::optional<PlaybackDecoder::Piece> piece = decoder_.next(bytes)) {
    if (piece->time_ns != instant_ns) {
      give();
      instant_ns = piece->time_ns;
    }
    instant += piece->bytes;
  }
  give();
}

void OutputPieces::add_piece(const PlaybackDecoder::Piece& piece, const Take& take) {
  if (piece.time_ns != time_ns_) {
    flush(take);
    time_ns_ = piece.time_ns;
  }
  text_.add(piece.bytes, [&](std::string_view part) { take(time_ns_, part); });
}

void OutputPieces::flush(const Take& take) {
  text_.finish([&](std::string_view part) {
    take(kind_ == Kind::playback ? std::optional(time_ns_) : std::nullopt, part);
  });
}

void OutputPieces::finish(const Take& take) {
  if (!start_.empty()) {
    take(std::nullopt, start_);
    start_.clear();
  }
  // Why given as it is: of a header that was cut off nothing is known but its bytes.
  if (const std::optional<PlaybackDecoder::Piece> rest = decoder_.finish()) {
    add_piece(*rest, take);
  }
  flush(take);
}

}  // namespace sb::result
