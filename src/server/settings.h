// Settings: what `sandbox serve` was told, for the server and its workers.
// Must not hold what a request may say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "policy/request.h"

namespace sb::server {

struct Settings {
  bool stdio = false;
  std::string socket;     // path; empty: none, or what systemd passed
  std::string metrics;    // path; empty: none
  std::size_t jobs = 1;   // that run at once
  std::size_t queue = 0;  // that wait, of each client
  std::size_t warm = 0;   // unused sandboxes that wait
  policy::Request base;   // what each request begins as
  // of a service manager's, where there is one
  std::string notify_socket;
  std::uint64_t watchdog_ns = 0;  // how often it wants to hear of us; 0: never
  int passed_sockets = 0;         // from descriptor 3 on
};

}  // namespace sb::server
