#include "server/waiting.h"

#include <algorithm>
#include <numeric>

namespace sb::server {

bool Waiting::add(std::uint64_t client, std::uint64_t job, std::size_t more) {
  const auto of = of_client_.find(client);
  if ((of != of_client_.end() ? of->second.size() : 0) >= bound_ + more) {
    return false;
  }
  std::deque<std::uint64_t>& jobs = of_client_[client];
  if (jobs.empty()) {
    turns_.push_back(client);
  }
  jobs.push_back(job);
  return true;
}

std::optional<std::uint64_t> Waiting::take(
    const std::function<bool(std::uint64_t client)>& may_have_one) {
  const auto turn = std::find_if(turns_.begin(), turns_.end(), may_have_one);
  if (turn == turns_.end()) {
    return std::nullopt;
  }
  const std::uint64_t client = *turn;
  turns_.erase(turn);
  const auto of = of_client_.find(client);
  const std::uint64_t job = of->second.front();
  of->second.pop_front();
  if (of->second.empty()) {
    of_client_.erase(of);
  } else {
    turns_.push_back(client);
  }
  return job;
}

bool Waiting::remove(std::uint64_t client, std::uint64_t job) {
  const auto of = of_client_.find(client);
  if (of == of_client_.end() || std::erase(of->second, job) == 0) {
    return false;
  }
  if (of->second.empty()) {
    of_client_.erase(of);
    std::erase(turns_, client);
  }
  return true;
}

std::size_t Waiting::size() const {
  return std::accumulate(of_client_.begin(), of_client_.end(), std::size_t{0},
                         [](std::size_t sum, const auto& of) { return sum + of.second.size(); });
}

}  // namespace sb::server
