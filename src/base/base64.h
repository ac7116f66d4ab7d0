// Base64 (RFC 4648) to bytes. The other way is result/json_emitter's, which streams.
// Must not forgive: what another decoder might read otherwise is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sb {

// nullopt: a character outside the alphabet (white space too), missing padding, or bits in the last
// character that stand for nothing.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace sb
