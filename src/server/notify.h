// What a service manager is told, and what it hands over (sd_notify(3), sd_listen_fds(3)).
// Must not matter where there is none: everything here is then nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace sb::server {

// One datagram to the manager's socket, $NOTIFY_SOCKET: "READY=1". Nothing where it is empty.
void notify(const std::string& socket, std::string_view state);

// The listening ones of `count` descriptors from 3 on, $LISTEN_FDS, which this takes.
std::vector<sys::Fd> take_passed_sockets(int count);

}  // namespace sb::server
