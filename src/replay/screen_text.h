// ScreenText: what one stream of a recording may do to a terminal: text, colours, and nothing else.
// Must not trust who wrote it: all other control sequences are shown, not obeyed.
#pragma once

#include <string>
#include <string_view>

namespace sb::replay {

class ScreenText {
 public:
  // `colors`: sequences that set colours and the like (SGR) are passed on, else dropped.
  explicit ScreenText(bool colors) : colors_(colors) {}

  // The next bytes, as they may be written: printable UTF-8, newline, tab, carriage return and
  // backspace as they are; a form feed clears the screen, as on the Playground's page; bytes of all
  // else as \xNN. What may go on in the next bytes is held until then.
  std::string add(std::string_view bytes);
  std::string finish();  // what is held

 private:
  bool colors_;
  std::string held_;  // Limit: the start of one sequence
};

}  // namespace sb::replay
