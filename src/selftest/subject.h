// Subject: what is tested, on which host, and where its rows and runs go.
// Must not change anything of the host's that outlives it.
#pragma once

#include <string>
#include <utility>

#include "policy/host_facts.h"
#include "policy/request.h"
#include "policy/spec.h"
#include "seccomp/program.h"
#include "selftest/report.h"
#include "selftest/runner.h"

namespace sb::selftest {

struct Subject {
  const policy::HostFacts& host;
  const policy::Request& request;  // of a run of this binary with the profile under test
  const policy::Spec& spec;        // the same, resolved
  const seccomp::BpfProgram& filter;
  Report& report;
  Runner& runner;
  bool holds_key = false;    // the caller of all runs has a key of its own
  std::size_t left_row = 0;  // the rows that are judged last of all
  std::size_t programs_row = 0;

  void judge(std::size_t row, Verdict verdict) const {
    report.rows[row].verdict = std::move(verdict);
  }
};

// Each adds its rows to the report and its runs to the runner, which judge them.
void try_inside(Subject& subject);    // rights, names, namespaces
void try_files(Subject& subject);     // the root, what is private, /proc and /sys
void try_reach(Subject& subject);     // the network, the terminal, keyrings
void try_calls(Subject& subject);     // system calls, other ABIs, namespaces
void try_limits(Subject& subject);    // each limit, and that everything ends with its run
void try_channels(Subject& subject);  // two runs, at once and one after the other

// Once all runs have ended.
void judge_what_is_left(Subject& subject);

// A row that is held where the fact has this value. `outside`: what we see of it from the host, or
// empty where that can't be seen.
Verdict judge_fact(const Seen& seen, const std::string& key, const std::string& expected,
                   const std::string& outside = {});

}  // namespace sb::selftest
