// What `sandbox` itself takes: its own few mebibytes, and the bytes it keeps once.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

namespace {

// Why: sanitizers hold memory of their own; slow() tells such a build.
bool is_measured() { return slow() == 1; }

}  // namespace

TEST_CASE("footprint: a plain run takes less than five mebibytes") {
  const Run run = run_target({}, {"true"});
  expect_ok(run);
  CHECK((!is_measured() || run.max_rss_kib <= 5 * 1024));
}

TEST_CASE("footprint: captured bytes are held once") {
  const TempDirectory directory;
  const std::string result = directory.path() + "/result";
  for (const char* limit : {"512M", "none"}) {
    const Run run = run_target(
        {"--output", limit, "--wall-time", "50s", "--cpu-time", "none", "--result", result},
        {probe("flood"), "1", "209715200"});
    INFO(run.describe());
    CHECK(run.exit_status == 0);
    const std::string document = read_file(result);
    CHECK(document.size() > 209715200);
    CHECK(document.size() < 209715200 + 5000);
    CHECK((!is_measured() || run.max_rss_kib <= 206 * 1024));
  }
}

TEST_CASE("footprint: bytes that are no text are held once too") {
  const Run run = run_target({"--output", "none", "--wall-time", "50s", "--result", "/dev/null"},
                             {"head", "-c", "52428800", "/dev/urandom"});
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK((!is_measured() || run.max_rss_kib <= 56 * 1024));
}
