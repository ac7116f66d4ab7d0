#include "server/stats.h"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

#include "result/json_emitter.h"

namespace sb::server {
namespace {

void gauge(std::string& text, std::string_view name, std::string_view help, std::uint64_t value) {
  text += fmt::format("# HELP sandbox_{0} {1}\n# TYPE sandbox_{0} gauge\nsandbox_{0} {2}\n", name,
                      help, value);
}

void counter(std::string& text, std::string_view name, std::string_view help, std::uint64_t value) {
  text += fmt::format("# HELP sandbox_{0} {1}\n# TYPE sandbox_{0} counter\nsandbox_{0} {2}\n", name,
                      help, value);
}

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

void Stats::on_result(std::string_view status, std::uint64_t setup_ns, bool was_warm) {
  ++results_[std::string(status)];
  from_warm_ += was_warm ? 1 : 0;
  if (setup_ns == 0) {
    return;  // nothing ran
  }
  const auto* const bucket =
      std::lower_bound(buckets_us.begin(), buckets_us.end(), (setup_ns + 999) / 1000);
  ++setup_.at(static_cast<std::size_t>(bucket - buckets_us.begin()));
  ++setup_count_;
  setup_ns_ += setup_ns;
}

std::string Stats::to_json(const Now& now) const {
  std::string text;
  result::JsonEmitter json(
      [&text](std::string_view bytes) -> Result<Done> {
        text += bytes;
        return Done{};
      },
      false);
  const auto number = [&json](std::string_view key, std::uint64_t value) {
    json.key(key);
    json.number(value);
  };
  json.begin_object();
  number("uptime_ns", now.uptime_ns);
  number("clients", now.clients);
  number("queued", now.queued);
  number("running", now.running);
  number("workers", now.workers);
  number("clearing", now.clearing);
  number("warm", now.warm);
  number("memory_bytes", now.memory_bytes);
  json.key("results");
  json.begin_object();
  for (const auto& [status, count] : results_) {
    number(status, count);
  }
  json.end_object();
  number("from_warm", from_warm_);
  number("errors", errors_);
  number("refused", refused_);
  json.key("setup_ns");
  json.begin_object();
  number("count", setup_count_);
  number("sum", setup_ns_);
  json.key("at_most");
  json.begin_object();
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets_us.size(); ++i) {
    below += setup_.at(i);
    number(fmt::format("{}", buckets_us.at(i) * 1000), below);
  }
  json.end_object();
  json.end_object();
  json.end_object();
  (void)json.finish();
  return text;
}

std::string Stats::to_prometheus(const Now& now) const {
  std::string text;
  text += fmt::format(
      "# HELP sandbox_uptime_seconds Since the server began.\n# TYPE sandbox_uptime_seconds gauge\n"
      "sandbox_uptime_seconds {:.3f}\n",
      seconds(now.uptime_ns));
  gauge(text, "clients", "Clients that are connected.", now.clients);
  gauge(text, "requests_queued", "Requests that wait for a worker.", now.queued);
  gauge(text, "requests_running", "Requests that run.", now.running);
  gauge(text, "workers", "Worker processes.", now.workers);
  gauge(text, "workers_clearing", "Workers between one run and the next.", now.clearing);
  gauge(text, "warm_sandboxes", "Unused sandboxes that wait.", now.warm);
  gauge(text, "memory_bytes", "Resident memory of the server and its workers.", now.memory_bytes);
  text +=
      "# HELP sandbox_results_total Runs that gave a result, by its status.\n"
      "# TYPE sandbox_results_total counter\n";
  for (const auto& [status, count] : results_) {
    text += fmt::format("sandbox_results_total{{status=\"{}\"}} {}\n", status, count);
  }
  counter(text, "results_from_warm_total", "Runs in a sandbox that waited.", from_warm_);
  counter(text, "errors_total", "Requests answered with an error.", errors_);
  counter(text, "refused_total", "Requests refused for want of room.", refused_);
  text +=
      "# HELP sandbox_setup_seconds From the request to the program's start.\n"
      "# TYPE sandbox_setup_seconds histogram\n";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets_us.size(); ++i) {
    below += setup_.at(i);
    text += fmt::format("sandbox_setup_seconds_bucket{{le=\"{:g}\"}} {}\n",
                        static_cast<double>(buckets_us.at(i)) / 1e6, below);
  }
  text += fmt::format(
      "sandbox_setup_seconds_bucket{{le=\"+Inf\"}} {}\nsandbox_setup_seconds_sum {:.9f}\n"
      "sandbox_setup_seconds_count {}\n",
      setup_count_, seconds(setup_ns_), setup_count_);
  return text;
}

}  // namespace sb::server
