// Stats: what a server has done so far, for {"op": "stats"} and Prometheus.
// Must not measure: it is told.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace sb::server {

// What is so at this moment.
struct Now {
  std::uint64_t uptime_ns = 0;
  std::uint64_t clients = 0;
  std::uint64_t queued = 0;
  std::uint64_t running = 0;
  std::uint64_t workers = 0;
  std::uint64_t clearing = 0;      // workers between one run and the next
  std::uint64_t warm = 0;          // unused sandboxes that wait
  std::uint64_t memory_bytes = 0;  // resident, of the server and its workers
};

class Stats {
 public:
  // A run that was answered with a result. `status`: as in the result.
  void on_result(std::string_view status, std::uint64_t setup_ns, bool was_warm);
  void on_error() { ++errors_; }     // answered with an error
  void on_refusal() { ++refused_; }  // for want of room

  std::string to_json(const Now& now) const;
  std::string to_prometheus(const Now& now) const;

 private:
  // Upper ends in microseconds; what is above the last counts there, too.
  static constexpr std::array<std::uint64_t, 12> buckets_us = {
      100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000};
  std::map<std::string, std::uint64_t, std::less<>> results_;
  std::uint64_t errors_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t from_warm_ = 0;
  std::array<std::uint64_t, buckets_us.size() + 1> setup_{};  // the last: beyond all
  std::uint64_t setup_count_ = 0;
  std::uint64_t setup_ns_ = 0;
};

}  // namespace sb::server
