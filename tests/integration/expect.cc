#include <doctest/doctest.h>
#include <string.h>
#include <sys/utsname.h>

#include <cstdio>

#include "harness.h"

namespace sbtest {

std::string Run::describe() const {
  std::string text = "command:";
  for (const std::string& word : command) {
    text += " " + (word.size() > 200 ? word.substr(0, 200) + "..." : word);
  }
  text += "\nexit status: " + std::to_string(exit_status) + (timed_out ? " (timed out)" : "");
  text += "\nseconds: " + std::to_string(elapsed_s);
  text += "\nstdout: " + (out.rfind('{', 0) == 0 ? out.substr(0, 3000) : out.substr(0, 300));
  text += "\nstderr: " + err.substr(0, 1000);
  return text;
}

void expect_status(const Run& run, std::string_view status, int exit_status) {
  INFO(run.describe());
  REQUIRE(run.document.is_present());
  CHECK(run.document.at("status").text() == status);
  CHECK(run.exit_status == exit_status);
  CHECK(run.document.at("schema").text() == "sandbox.result/v1");
  if (status != "error") {
    CHECK(run.document.at("error").is_null());
    CHECK(run.document.at("enforced.no_new_privs").boolean());
    CHECK(run.document.at("enforced.capabilities").text() == "none");
    CHECK(run.document.at("time.wall_ns").number() >= 0);
  }
  if (status == "ok" || status == "exited") {
    CHECK(run.document.at("exit_code").integer() == exit_status);
    CHECK(run.document.at("signal").is_null());
  }
}

void expect_ok(const Run& run) {
  expect_status(run, "ok", 0);
  INFO(run.describe());
  CHECK(run.document.at("cause").is_null());
  CHECK(run.document.at("violations_total").integer() == 0);
  CHECK(run.err.empty());
}

void expect_exited(const Run& run, int code) {
  expect_status(run, "exited", code);
  CHECK(run.document.at("cause").is_null());
}

void expect_signal(const Run& run, int number) {
  expect_status(run, "signaled", 128 + number);
  INFO(run.describe());
  CHECK(run.document.at("signal.number").integer() == number);
  CHECK(run.document.at("exit_code").is_null());
  CHECK(run.document.at("cause").is_null());
}

void expect_limit(const Run& run, std::string_view status, std::string_view limit,
                  int exit_status) {
  expect_status(run, status, exit_status);
  INFO(run.describe());
  CHECK(run.document.at("cause.limit").text() == limit);
  CHECK(run.document.at("cause.value").number() > 0);
  CHECK(run.document.at("cause.observed").number() > 0);
  CHECK_FALSE(run.document.at("cause.mechanism").text().empty());
  CHECK_FALSE(run.document.at("reason").text().empty());
}

void expect_usage_error(const Run& run, const Words& parts) {
  INFO(run.describe());
  CHECK(run.exit_status == 2);
  CHECK(lines_of(run.err).size() == 1);
  for (const std::string& part : parts) {
    INFO("looked for: " << part);
    CHECK(contains(run.err, part));
  }
  // A result, where one is written, must not claim that anything ran.
  if (run.document.is_present()) {
    CHECK(run.document.at("status").text() == "error");
  } else {
    CHECK(run.out.empty());
  }
}

void expect_peak_of_processes(const Run& run, long long least, long long most) {
  INFO(run.describe());
  utsname system = {};
  REQUIRE(uname(&system) == 0);
  if (strverscmp(system.release, "6.1") < 0) {
    CHECK(run.document.at("processes.peak").is_null());
    return;
  }
  CHECK(run.document.at("processes.peak").integer() >= least);
  CHECK(run.document.at("processes.peak").integer() <= most);
}

void expect_true_runs() {
  const Run run = run_target({}, {"true"});
  expect_ok(run);
  CHECK(run.elapsed_s < 5 * slow());
}

}  // namespace sbtest
