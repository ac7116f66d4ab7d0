#include "faults.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace sbtest {

std::string call_of(const std::string& call) {
  const int last_capability = std::atoi(read_file("/proc/sys/kernel/cap_last_cap").c_str());
  if (call == no_new_privs_call || call == dumpable_call) {
    const int number = last_capability + (call == no_new_privs_call ? 7 : 8);
    return "prctl:when=" + std::to_string(number);
  }
  return call;
}

static std::string injection_of(const std::string& fault) {
  const std::string call = call_of(fault);
  return call == fault ? call : call + ":error=EINVAL";
}

Words under_strace(const Words& injections, const Words& sandbox_options, const Words& command) {
  Words words = {"strace", "-f", "-qq", "-o", "/dev/null"};
  for (const std::string& injection : injections) {
    words.insert(words.end(), {"-e", "inject=" + injection_of(injection)});
  }
  words.insert(words.end(), {binary(), "run"});
  words.insert(words.end(), sandbox_options.begin(), sandbox_options.end());
  const Words program = command.empty() ? Words{probe("minimal")} : command;
  words.emplace_back("--");
  words.insert(words.end(), program.begin(), program.end());
  return words;
}

Options with_strace() {
  require("strace");
  if (std::system("strace -qq -o /dev/null -e trace=none true 2>/dev/null") != 0) {
    require("ptrace");
  }
  Options options;
  options.binary = "/usr/bin/env";
  return options;
}

// The descendant that is in system call `number`, or none.
static pid_t process_in_call(const Running& running, long number, bool target) {
  for (const pid_t pid : running.descendants()) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const std::string call = read_file(folder + "/syscall");
    // Its numbers, here and in the pid namespaces below: the supervisor has but one.
    const std::string numbers = value_of(read_file(folder + "/status"), "NSpid").value_or("");
    const std::string inside = numbers.substr(numbers.rfind('\t') + 1);
    const bool is_meant = contains(numbers, "\t") && (inside != "1") == target;
    if (call.rfind(std::to_string(number) + " ", 0) == 0 && is_meant) {
      return pid;
    }
  }
  return 0;
}

pid_t await_in_call(const Running& running, long number, bool target) {
  const double deadline = monotonic_s() + 20 * slow();
  pid_t pid = 0;
  pid_t before = 0;
  // Seen twice, so that it is strace that holds it there: others of the same call pass in no time.
  while ((pid == 0 || pid != before) && monotonic_s() < deadline) {
    before = pid;
    usleep(50'000);
    pid = process_in_call(running, number, target);
  }
  REQUIRE(pid != 0);
  return pid;
}

void kill_in_call(const Running& running, long number, bool target) {
  REQUIRE(kill(await_in_call(running, number, target), SIGKILL) == 0);
}

void expect_not_run(const Run& run, const std::string& tag, const std::string& stage) {
  expect_status(run, "error", 125);
  INFO(run.describe());
  CHECK(run.document.at("error.tag").text() == tag);
  const Document where = run.document.at("error.stage");
  CHECK((where.is_null() ? "" : where.text()) == stage);
  CHECK(run.document.at("exit_code").is_null());
  CHECK(run.document.at("signal").is_null());
  CHECK(run.stdout_bytes().empty());  // it would have said "minimal"
}

}  // namespace sbtest
