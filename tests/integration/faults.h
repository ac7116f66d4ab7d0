// Runs under strace with injected faults, and deaths at a given system call.
// Must not know the stages of a launch: the tests do.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <type_traits>

#include "harness.h"

namespace sbtest {

// Init and the target run at the same time, and strace counts calls for each process by itself. So
// where both make a call, one of them is held up elsewhere until the other's has failed.
constexpr const char* target_waits = "setsid:delay_enter=700000";
constexpr const char* target_waits_long = "setsid:delay_enter=2500000";
constexpr const char* init_waits = "sendmsg:delay_exit=700000";
// The target's prctl number of its no_new_privs: after KEEPCAPS, one for each capability, two more
// that find the end of them, SECUREBITS and the ambient set.
constexpr const char* no_new_privs_call = "NO_NEW_PRIVS";
constexpr const char* dumpable_call = "DUMPABLE";

// Whether each of these stages has a row. Not the one that a run by itself never enters: there the
// program is known from the start (parked_test.cc).
template <class Table>
constexpr bool covers_every_stage(const Table& table, uint32_t first, uint32_t last) {
  using Stage = decltype(table[0].stage);
  for (uint32_t stage = first; stage <= last; ++stage) {
    bool found = stage == static_cast<uint32_t>(std::remove_cvref_t<Stage>::await_program);
    for (const auto& row : table) {
      found = found || static_cast<uint32_t>(row.stage) == stage;
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

// "prctl:when=N" for the two that are counted from the number of capabilities.
std::string call_of(const std::string& call);
// run OPTIONS -- COMMAND, under strace with these faults. No command: the probe `minimal`.
Words under_strace(const Words& injections, const Words& sandbox_options,
                   const Words& command = {});
// With an strace that may trace; else the test is skipped.
Options with_strace();
// Waits until strace holds init, or the target, in system call `number`.
pid_t await_in_call(const Running& running, long number, bool target);
// Kills it then.
void kill_in_call(const Running& running, long number, bool target);
// The run is an error with this tag and stage (empty: null), and the program never ran.
void expect_not_run(const Run& run, const std::string& tag, const std::string& stage);

}  // namespace sbtest
