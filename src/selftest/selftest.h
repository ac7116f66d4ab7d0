// selftest: tries the sandbox's own promises on this host, with the runs that any caller would
// make. Must not print, and must not know where its report goes.
#pragma once

#include <string>

#include "base/error.h"
#include "policy/host_facts.h"
#include "policy/request.h"
#include "selftest/report.h"
#include "sys/fd.h"

namespace sb::selftest {

// A run of this binary with the profile under test.
policy::Request request_for(const std::string& profile);

struct Tried {
  Report report;
  int interrupted_by = 0;  // the number of the signal that ended it; then the report is not whole
};

// `signals`: the signalfd of sys::take_signals(). Leaves no process, file or group behind.
// Errors: what keeps any run from starting here.
Result<Tried> run_selftest(policy::Request request, const policy::HostFacts& host,
                           sys::FdRef signals);

}  // namespace sb::selftest
