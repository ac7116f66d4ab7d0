#include "cli/doctor_command.h"

#include <unistd.h>

#include <fmt/core.h>

#include "cgroup/abandoned.h"
#include "cli/doctor_print.h"
#include "cli/print.h"
#include "cli/systemd_scope.h"
#include "policy/resolve.h"
#include "policy/words.h"
#include "supervise/run.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::cli {
namespace {

constexpr std::uint64_t trial_grace_ns = 1'000'000'000;

// This binary itself is the one program that is certainly here, and needs nothing else.
policy::Request trial_request() {
  return {.command = {sys::read_link("/proc/self/exe").value_or("/proc/self/exe"), "--version"},
          .caller_directory = std::string("/"),
          .stdio = {.input = policy::InputKind::null},
          .grace_ns = trial_grace_ns};
}

// Why: what `run` does is told best by a run.
result::Outcome try_run(const policy::HostFacts& host, std::span<const std::string> words,
                        bool given_parent) {
  const std::uint64_t created_ns = sys::monotonic_ns();
  const Result<policy::Spec> spec = policy::resolve(trial_request(), host);
  if (!spec) {
    const Tag tag = spec.error().tag();
    if (host.uid != 0 && !given_parent && (tag == Tag::host_no_cgroup || tag == Tag::cgroup_busy)) {
      // As run does; returns where there is no such way.
      enter_systemd_scope(words);
    }
    return supervise::outcome_of_error(spec.error());
  }
  const Result<sys::Fd> signals = sys::take_signals();
  if (!signals) {
    return supervise::outcome_of_error(signals.error());
  }
  return supervise::run(*spec, host, {signals->ref()}, created_ns);
}

Result<Done> to_stdout(std::string_view text) { return print_text(text); }

}  // namespace

Result<int> doctor_command(const ParsedArguments& parsed, std::span<const std::string> words,
                           const std::string& cgroup_parent) {
  if (!parsed.rest.empty()) {
    return Error(Tag::usage, fmt::format("doctor takes no argument, such as {}",
                                         policy::in_quotes(parsed.rest.front())));
  }
  DoctorFacts facts;
  facts.host = TRY(policy::probe_host(cgroup_parent));
  std::vector<std::string> removed;
  if (parsed.has("--clean")) {
    removed = cgroup::remove_abandoned(facts.host);
  }
  facts.features = launch::probe_host_features(facts.host.is_root);
  facts.settings = read_settings(facts.host);
  facts.trial = try_run(facts.host, words, !cgroup_parent.empty());
  const Report report = make_report(facts);
  if (parsed.has("--json")) {
    CHECK(write_report_json(report, facts, removed, to_stdout, ::isatty(STDOUT_FILENO) != 0));
  } else {
    CHECK(print_text(report_text(report, facts, removed)));
  }
  return report.starts ? 0 : 1;
}

}  // namespace sb::cli
