// Waits with a timeout: taken out of the call, which then waits without end, and put into what the
// call returns once its virtual time is over.
// Must not resume a tracee, nor move the clock.
#pragma once

#include "intercept/calls.h"
#include "intercept/clock.h"
#include "intercept/tracee.h"
#include "seccomp/program.h"

namespace sb::intercept {

// The arguments of a system call, in their order.
std::uint64_t argument_of(const sys::Registers& registers, unsigned index);
void set_argument(sys::Registers& registers, unsigned index, std::uint64_t value);

// A call that waits for nothing, which takes a sleep's place.
struct EndlessCall {
  int number = 0;  // 0: none is allowed
  std::array<std::uint64_t, 5> arguments{};
};
// One that the policy's filter lets pass: the program must not be blamed for what we make of its
// call.
EndlessCall choose_endless_call(const seccomp::BpfProgram& policy);

struct WaitPlan {
  enum class Kind { pass, answer, wait };
  Kind kind = Kind::pass;
  long answer = 0;        // of answer: what the call returns now
  Wait wait;              // of wait
  sys::Registers call{};  // of wait: what the kernel is to do
};

// At the stop of a call that may wait.
WaitPlan plan_wait(const Tracee& tracee, const sys::Registers& registers, const WaitRow& row,
                   const Clock& clock, const EndlessCall& endless);

// At the end of that call: what the program is to see of it. Also writes what is left of the time.
struct WaitResult {
  sys::Registers registers{};
  bool interrupted = false;
};
WaitResult finish_wait(const Tracee& tracee, const sys::Registers& at_end, const Clock& clock);

}  // namespace sb::intercept
