// Packets as init would send them, made by hand.
// Must not use the code under test.
#pragma once

#include <cstddef>
#include <string_view>

namespace sbfuzz {

// Sends `bytes` with this many copies of stderr, at most four. False: they did not go.
bool send_packet(int socket, std::string_view bytes, std::size_t descriptors);

}  // namespace sbfuzz
