// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
// Must not know JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sb::result {

// The length (1 to 4) of the valid sequence at the start of text, or 0 where there is none.
std::size_t utf8_sequence(std::string_view text);

bool is_utf8(std::string_view text);

// How many bytes at the end of text (0 to 3) begin a sequence whose rest may still come.
std::size_t utf8_incomplete_tail(std::string_view text);

// For one line of a terminal or a log: control characters and bad bytes as \xNN.
std::string visible(std::string_view text);

}  // namespace sb::result
