#include "server/stats.h"

#include <map>
#include <sstream>
#include <string>

#include "fuzz/json_check.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb::server;

namespace {

constexpr Now now{.uptime_ns = 1'500'000'000,
                  .clients = 2,
                  .queued = 3,
                  .running = 4,
                  .workers = 5,
                  .clearing = 1,
                  .warm = 6,
                  .memory_bytes = 7'000'000};

Stats some() {
  Stats stats;
  stats.on_result("ok", 1, false);              // at most 100 us
  stats.on_result("ok", 100'000, false);        // exactly
  stats.on_result("ok", 100'001, true);         // at most 250 us
  stats.on_result("exited", 3'000'000, false);  // at most 5 ms
  stats.on_result("ok", 1'000'000'000, false);  // at most 1 s
  stats.on_result("ok", 5'000'000'000, true);   // beyond
  stats.on_result("error", 0, false);           // nothing ran
  stats.on_error();
  stats.on_error();
  stats.on_refusal();
  return stats;
}

// Sample → value; each must follow its TYPE line.
std::map<std::string, std::string> samples(const std::string& text) {
  std::map<std::string, std::string> found;
  std::map<std::string, std::string> types;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    if (line.starts_with("# TYPE ")) {
      const std::size_t end = line.find(' ', 7);
      CHECK(types.emplace(line.substr(7, end - 7), line.substr(end + 1)).second);
    } else if (!line.starts_with("# HELP ")) {
      const std::size_t end = line.rfind(' ');
      std::string name = line.substr(0, line.find_first_of(" {"));
      for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        if (types.count(name) == 0 && name.ends_with(suffix)) {
          name.resize(name.size() - std::string(suffix).size());
        }
      }
      CHECK(types.count(name) == 1);
      CHECK(found.emplace(line.substr(0, end), line.substr(end + 1)).second);
    }
  }
  CHECK(text.ends_with('\n'));
  return found;
}

}  // namespace

// Red: upper_bound in the place of lower_bound.
TEST_CASE("serve stats: the document") {
  const std::string text = some().to_json(now);
  const auto number = [&text](const char* path) { return sbfuzz::number_at(text, path); };
  CHECK(number("uptime_ns") == 1'500'000'000);
  CHECK(number("clients") == 2);
  CHECK(number("queued") == 3);
  CHECK(number("running") == 4);
  CHECK(number("workers") == 5);
  CHECK(number("clearing") == 1);
  CHECK(number("warm") == 6);
  CHECK(number("memory_bytes") == 7'000'000);
  CHECK(number("results/ok") == 5);
  CHECK(number("results/exited") == 1);
  CHECK(number("results/error") == 1);
  CHECK(number("from_warm") == 2);
  CHECK(number("errors") == 2);
  CHECK(number("refused") == 1);
  CHECK(number("setup_ns/count") == 6);
  CHECK(number("setup_ns/sum") == 6'003'200'002);
  CHECK(number("setup_ns/at_most/100000") == 2);
  CHECK(number("setup_ns/at_most/250000") == 3);
  CHECK(number("setup_ns/at_most/2500000") == 3);
  CHECK(number("setup_ns/at_most/5000000") == 4);
  CHECK(number("setup_ns/at_most/250000000") == 4);
  CHECK(number("setup_ns/at_most/1000000000") == 5);
}

// Red: leave the +Inf bucket at what the last one has.
TEST_CASE("serve stats: the text for Prometheus") {
  const auto found = samples(some().to_prometheus(now));
  const auto value = [&found](const char* name) {
    const auto at = found.find(name);
    return at != found.end() ? at->second : "(none)";
  };
  CHECK(value("sandbox_uptime_seconds") == "1.500");
  CHECK(value("sandbox_clients") == "2");
  CHECK(value("sandbox_requests_queued") == "3");
  CHECK(value("sandbox_requests_running") == "4");
  CHECK(value("sandbox_workers") == "5");
  CHECK(value("sandbox_workers_clearing") == "1");
  CHECK(value("sandbox_warm_sandboxes") == "6");
  CHECK(value("sandbox_memory_bytes") == "7000000");
  CHECK(value("sandbox_results_total{status=\"ok\"}") == "5");
  CHECK(value("sandbox_results_total{status=\"error\"}") == "1");
  CHECK(value("sandbox_results_from_warm_total") == "2");
  CHECK(value("sandbox_errors_total") == "2");
  CHECK(value("sandbox_refused_total") == "1");
  CHECK(value("sandbox_setup_seconds_bucket{le=\"0.0001\"}") == "2");
  CHECK(value("sandbox_setup_seconds_bucket{le=\"0.00025\"}") == "3");
  CHECK(value("sandbox_setup_seconds_bucket{le=\"1\"}") == "5");
  CHECK(value("sandbox_setup_seconds_bucket{le=\"+Inf\"}") == "6");
  CHECK(value("sandbox_setup_seconds_sum") == "6.003200002");
  CHECK(value("sandbox_setup_seconds_count") == "6");
}

TEST_CASE("serve stats: before the first request") {
  CHECK(sbfuzz::is_json(Stats().to_json({})));
  CHECK(sbfuzz::number_at(Stats().to_json({}), "setup_ns/count") == 0);
  CHECK(samples(Stats().to_prometheus({})).size() == 26);
}
