// SHA-256 of a text, as hexadecimal digits: names the profile a result was made with.
// Must not be used to protect secrets: nothing here is constant-time.
#pragma once

#include <string>
#include <string_view>

namespace sb {

std::string sha256_hex(std::string_view text);

}  // namespace sb
