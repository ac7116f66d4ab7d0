// Listening: the socket that clients connect to, and who may.
// Must not talk to them.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::server {

// The destructor removes the path that was made for it.
class Listening {
 public:
  // At `path`, for its owner alone (mode 0600). What a killed server left there is replaced, what
  // anybody listens on is not. Errors: serve.listen.
  static Result<Listening> at(const std::string& path);
  // One that was handed over.
  explicit Listening(sys::Fd socket) : socket_(std::move(socket)) {}

  Listening(Listening&& other) noexcept
      : socket_(std::move(other.socket_)), path_(std::exchange(other.path_, {})) {}
  Listening& operator=(Listening&&) = delete;
  ~Listening();

  sys::FdRef ref() const { return socket_.ref(); }
  // The next one that waits; invalid: none.
  sys::Fd accept() const;

 private:
  sys::Fd socket_;
  std::string path_;  // empty: not ours to remove
};

// Whether the peer of a connection is this server's own user, or root. Kernel: as it was when it
// connected (unix(7), SO_PEERCRED).
bool may_ask(sys::FdRef connection);

}  // namespace sb::server
