// Whom a program reaches: the network, the caller's terminal, the caller's keys.
#include <memory>

#include <fmt/core.h>

#include "policy/profile.h"
#include "selftest/outside.h"
#include "selftest/probes/probe.h"
#include "selftest/subject.h"

namespace sb::selftest {
namespace {

Verdict judge_own_loopback(const Subject& subject, const Seen& seen) {
  const std::optional<std::string> self = seen.fact("self");
  if (!self) {
    return seen.stopped_early();
  }
  if (*self == "ok") {
    return {State::held, "connected to itself"};
  }
  const bool wanted = subject.spec.network == policy::NetworkMode::loopback;
  if (self->starts_with("no socket") || !wanted) {
    return {State::not_provided, fmt::format("the profile has no network ({})", *self)};
  }
  return {State::broken, *self};
}

// `outside` is whether we saw somebody arrive.
Verdict judge_refused(const Seen& seen, const std::string& key, bool arrived) {
  const std::optional<std::string> outcome = seen.fact(key);
  if (!outcome) {
    return seen.stopped_early();
  }
  const bool reached = *outcome == "ok" || *outcome == "EINPROGRESS" || arrived;
  return {reached ? State::broken : State::held, *outcome};
}

void try_network(Subject& subject) {
  Report& report = subject.report;
  const std::size_t self = report.add("Network", "the loopback is up", "connects to itself");
  const std::size_t tcp =
      report.add("Network", "not the host's loopback", "connects to a listener of selftest's");
  const std::size_t name =
      report.add("Network", "not the host's abstract sockets", "connects to one of selftest's");
  const std::size_t world = report.add("Network", "nothing beyond", "connects to 192.0.2.1");
  const auto listeners = std::make_shared<Listeners>();
  if (!listeners->exist()) {
    for (const std::size_t row : {self, tcp, name, world}) {
      subject.judge(row, {State::not_provided, "no listener could be made on this host"});
    }
    return;
  }
  subject.runner.add(
      {.probe = {"reach", std::to_string(listeners->port()), listeners->name()},
       .goes_on = true,
       .done = [&subject, listeners, self, tcp, name, world](const Seen& seen) {
         const bool arrived = listeners->were_reached();
         const std::optional<Verdict> nothing = seen.did_not_run();
         subject.judge(self, nothing.value_or(judge_own_loopback(subject, seen)));
         subject.judge(tcp, nothing.value_or(judge_refused(seen, "host_loopback", arrived)));
         subject.judge(name, nothing.value_or(judge_refused(seen, "host_name", arrived)));
         subject.judge(world, nothing.value_or(judge_refused(seen, "outside", false)));
       }});
}

void try_terminal(Subject& subject) {
  const std::size_t row = subject.report.add("Terminal", "nothing is typed into the caller's",
                                             "TIOCSTI on all it can get");
  const auto terminal = std::make_shared<Terminal>();
  if (!terminal->exists()) {
    subject.judge(row, {State::not_provided, "no pseudo-terminal can be had here to try it on"});
    return;
  }
  Job job;
  job.probe = {"type"};
  job.terminal = terminal->number();
  job.done = [&subject, terminal, row](const Seen& seen) {
    const int typed = terminal->typed();
    Verdict verdict = judge_fact(seen, "typed", "0");
    if (typed != 0) {
      verdict = {State::broken, fmt::format("{} bytes arrived", typed)};
    } else if (seen.status() == "syscall_violation") {
      verdict = {State::held, "killed: " + seen.text("violations.0.syscall")};
    } else if (verdict.state == State::held) {
      verdict.outcome = "nothing arrived";
    }
    subject.judge(row, verdict);
  };
  subject.runner.add(std::move(job));
}

// Why the calls are allowed: a filter that refuses them would hide whether there is a keyring of
// the caller's behind it. That they are refused has rows of its own.
void try_keys(Subject& subject) {
  const std::size_t row =
      subject.report.add("Rights", "an empty keyring of its own",
                         subject.holds_key ? "looks for the caller's key" : "reads it");
  Job job;
  job.probe = {"keys"};
  job.goes_on = true;
  job.allowed_too = {"request_key", "keyctl"};
  job.done = [&subject, row](const Seen& seen) {
    Verdict verdict = judge_fact(seen, "held", "0");
    if (verdict.state == State::held && seen.fact("found") == "ok") {
      verdict = {State::broken, "the key of the caller's was found"};
    } else if (verdict.state == State::held) {
      verdict.outcome = "empty, even with keyctl(2) allowed";
    } else if (seen.fact("unread") == "ENOSYS") {
      verdict = {State::not_provided, "this kernel has no keyrings"};
    }
    subject.judge(row, verdict);
  };
  subject.runner.add(std::move(job));
}

}  // namespace

void try_reach(Subject& subject) {
  try_network(subject);
  try_terminal(subject);
  try_keys(subject);
}

}  // namespace sb::selftest
