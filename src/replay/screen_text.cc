#include "replay/screen_text.h"

#include <algorithm>
#include <utility>

#include "result/utf8.h"

namespace sb::replay {
namespace {

// Limit: no terminal needs a longer one.
constexpr std::size_t longest_color = 40;

enum class Kind { text, shown, color, clear, unfinished };

struct Part {
  Kind kind = Kind::text;
  std::size_t size = 1;
};

// An escape sequence at the start of `bytes`: of colours, or the first byte of any other.
Part escape_part(std::string_view bytes) {
  if (bytes.size() > 1 && bytes[1] != '[') {
    return {Kind::shown, 1};
  }
  const std::string_view most = bytes.substr(0, longest_color);
  const std::size_t end =
      most.size() < 2 ? std::string_view::npos : most.find_first_not_of("0123456789;:", 2);
  if (end == std::string_view::npos) {
    return {most.size() < longest_color ? Kind::unfinished : Kind::shown, 1};
  }
  return most[end] == 'm' ? Part{Kind::color, end + 1} : Part{Kind::shown, 1};
}

Part first_part(std::string_view bytes) {
  switch (bytes[0]) {
    case '\n':
    case '\t':
    case '\r':
    case '\b':
      return {Kind::text, 1};
    case '\f':
      return {Kind::clear, 1};
    case '\x1B':
      return escape_part(bytes);
    default:
      break;
  }
  const std::size_t size = result::utf8_sequence(bytes);
  if (size == 0) {
    const bool may_go_on = result::utf8_incomplete_tail(bytes) == bytes.size();
    return {may_go_on ? Kind::unfinished : Kind::shown, 1};
  }
  // Why: C0 and C1 control characters and DEL, as result::visible() has them.
  const std::string_view sequence = bytes.substr(0, size);
  return {result::visible(sequence) == sequence ? Kind::text : Kind::shown, size};
}

}  // namespace

std::string ScreenText::add(std::string_view bytes) {
  const std::string all = std::exchange(held_, {}) + std::string(bytes);
  std::string text;
  for (std::string_view rest = all; !rest.empty();) {
    const Part part = first_part(rest);
    const std::string_view here = rest.substr(0, part.size);
    switch (part.kind) {
      case Kind::text:
        text += here;
        break;
      case Kind::shown:
        text += result::visible(here);
        break;
      case Kind::color:
        text += colors_ ? here : "";
        break;
      case Kind::clear:
        text += "\x1B[H\x1B[2J";
        break;
      case Kind::unfinished:
        held_ = rest;
        return text;
    }
    rest.remove_prefix(part.size);
  }
  return text;
}

std::string ScreenText::finish() { return result::visible(std::exchange(held_, {})); }

}  // namespace sb::replay
