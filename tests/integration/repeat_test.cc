// What happens once in a thousand runs.
#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "leftovers.h"
#include "quick.h"

using namespace sbtest;

namespace {

// With sanitizers a launch takes a tenth of a second.
int rounds(int many) { return slow() > 1 ? 100 : many; }

// SBTEST_LONG: ten thousand, which take a minute and a half of each CPU.
int thousands() {
  const char* const wanted = std::getenv("SBTEST_LONG");
  return rounds(wanted != nullptr && *wanted != '\0' ? 10000 : 2500);
}

// SBTEST_KILLS: how often init is killed.
int kills() {
  const char* const wanted = std::getenv("SBTEST_KILLS");
  return wanted != nullptr ? std::atoi(wanted) : rounds(200);
}

void require_host() {
  require("root");
  require("cgroup");
}

}  // namespace

// Red: a supervisor that does not read its pipes to their end loses a word now and then.
TEST_CASE("p24 thousands of runs of true") {
  require_host();
  for (int i = 0; i < thousands(); ++i) {
    CAPTURE(i);
    const Quick run = quick_run({"run", "--", "/bin/true"});
    REQUIRE(run.exit_status == 0);
    REQUIRE(contains(run.out, "\"status\":\"ok\""));
  }
  expect_true_runs();
}

TEST_CASE("p24 thousands of runs of echo lose no output") {
  require_host();
  for (int i = 0; i < thousands(); ++i) {
    const std::string word = "word" + std::to_string(i);
    const Quick run = quick_run({"run", "--", "echo", word});
    CAPTURE(run.out);
    REQUIRE(run.exit_status == 0);
    REQUIRE(contains(run.out, "\"data\":\"" + word + "\\n\""));
  }
  expect_true_runs();
}

// Red: without the parent-death signal of init, a supervisor killed early leaves it behind.
TEST_CASE("p19 a thousand kills of the supervisor at any moment leave nothing") {
  require_host();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // A run takes a few milliseconds: these moments lie before, within and after its set-up.
  std::minstd_rand random(19);
  for (int round = 0; round < rounds(1000); ++round) {
    const auto delay_us = static_cast<int>(random() % 12000);
    CAPTURE(delay_us);
    (void)quick_run({"run", "--pass", "--wall-time", "30s", "--", probe("tree")}, delay_us);
    expect_no_orphans();
    if (round % 100 == 99) {
      expect_true_runs();  // its own check: no abandoned cgroup is left after it
    }
  }
  expect_true_runs();
}

// Red: a supervisor that takes the end of init for that of the program.
TEST_CASE("p19 hundreds of kills of init at any moment give an error and leave nothing") {
  require_host();
  if (access("/proc/thread-self/children", R_OK) != 0) {
    require("a kernel that lists children");
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::minstd_rand random(20);
  int errors = 0;
  const int all = kills();
  for (int round = 0; round < all; ++round) {
    const auto delay_us = static_cast<int>(random() % 12000);
    // The first would run on; the second may have ended, and then its verdict holds.
    const bool ends = round % 2 == 1;
    CAPTURE(delay_us);
    CAPTURE(ends);
    const Quick run =
        quick_run({"run", "--wall-time", "30s", "--", probe(ends ? "minimal" : "tree")}, delay_us,
                  Victim::init);
    CAPTURE(run.out);
    if (ends && run.exit_status == 0) {
      REQUIRE(contains(run.out, "\"status\":\"ok\""));
      REQUIRE(contains(run.out, "\"data\":\"minimal\\n\""));
    } else {
      ++errors;
      REQUIRE(run.exit_status == 125);
      REQUIRE(contains(run.out, "\"status\":\"error\""));
      // Kernel: who clones where init is dying already gets ENOMEM.
      REQUIRE((contains(run.out, "\"tag\":\"launch.died\"") ||
               contains(run.out, "\"errno\":\"ENOMEM\"")));
    }
    expect_no_orphans();
  }
  REQUIRE(errors >= all / 2);
  expect_true_runs();
}
