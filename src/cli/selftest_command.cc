#include "cli/selftest_command.h"

#include <unistd.h>

#include <fmt/core.h>

#include "cli/options.h"
#include "cli/print.h"
#include "cli/systemd_scope.h"
#include "policy/resolve.h"
#include "policy/words.h"
#include "result/outcome.h"
#include "selftest/selftest.h"
#include "sys/process.h"

namespace sb::cli {
namespace {

// As run does; returns where there is no such way, or no need.
void enter_scope_where_needed(const policy::Request& request, const policy::HostFacts& host,
                              std::span<const std::string> words) {
  const Result<policy::Spec> spec = policy::resolve(request, host);
  if (!spec && host.uid != 0 &&
      (spec.error().tag() == Tag::host_no_cgroup || spec.error().tag() == Tag::cgroup_busy)) {
    enter_systemd_scope(words);
  }
}

}  // namespace

Result<int> selftest_command(const ParsedArguments& parsed, std::span<const std::string> words,
                             const std::string& profile, const std::string& cgroup_parent) {
  if (!parsed.rest.empty()) {
    return Error(Tag::usage, fmt::format("selftest takes no argument, such as {}",
                                         policy::in_quotes(parsed.rest.front())));
  }
  const sys::Fd signals = TRY(sys::take_signals());
  const policy::HostFacts host = TRY(policy::probe_host(cgroup_parent));
  policy::Request request =
      selftest::request_for(parsed.value_of("--profile", profile.empty() ? "default" : profile));
  request.userns = TRY(read_userns(parsed));
  if (cgroup_parent.empty()) {
    enter_scope_where_needed(request, host, words);
  }
  const selftest::Tried tried = TRY(selftest::run_selftest(request, host, signals.ref()));
  if (tried.interrupted_by != 0) {
    print_line(fmt::format("selftest was ended by {}", result::signal_name(tried.interrupted_by)));
    return 128 + tried.interrupted_by;
  }
  if (parsed.has("--json")) {
    const auto to_stdout = [](std::string_view text) { return print_text(text); };
    CHECK(selftest::write_report_json(tried.report, to_stdout, ::isatty(STDOUT_FILENO) != 0));
  } else {
    CHECK(print_text(selftest::report_text(tried.report)));
  }
  return tried.report.holds() ? 0 : 1;
}

}  // namespace sb::cli
