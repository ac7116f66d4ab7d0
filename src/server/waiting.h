// Waiting: jobs that no worker has taken yet, of many clients, served by turns.
// Must not know what a job or a client is beyond their numbers.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>

namespace sb::server {

class Waiting {
 public:
  // `bound`: of each client.
  explicit Waiting(std::size_t bound) : bound_(bound) {}

  // False: this client has as many waiting as it may, `more` than the bound.
  bool add(std::uint64_t client, std::uint64_t job, std::size_t more = 0);
  // The next one: of the client whose last turn is longest ago, of those that may have one.
  // nullopt: none waits.
  std::optional<std::uint64_t> take(const std::function<bool(std::uint64_t client)>& may_have_one =
                                        [](auto) { return true; });
  // False: it does not wait.
  bool remove(std::uint64_t client, std::uint64_t job);
  std::size_t size() const;

 private:
  std::size_t bound_;
  std::map<std::uint64_t, std::deque<std::uint64_t>> of_client_;
  std::deque<std::uint64_t> turns_;  // of clients that have one waiting
};

}  // namespace sb::server
