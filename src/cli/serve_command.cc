#include "cli/serve_command.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>
#include <unistd.h>

#include "base/units.h"
#include "cgroup/group.h"
#include "cli/environment.h"
#include "cli/print.h"
#include "cli/systemd_scope.h"
#include "filters/builtin_filters.h"
#include "policy/resolve.h"
#include "policy/words.h"
#include "server/server.h"
#include "sys/process.h"

namespace sb::cli {
namespace {

// Limit: of processes that are kept; each costs its memory.
constexpr std::uint64_t most_of_one = 4096;
constexpr std::uint64_t most_queued = 1'000'000;

Result<std::size_t> number_of(const ParsedArguments& parsed, std::string_view option,
                              std::uint64_t otherwise, std::uint64_t least, std::uint64_t most) {
  const std::string text = parsed.value_of(option);
  if (text.empty() && !parsed.has(option)) {
    return static_cast<std::size_t>(otherwise);
  }
  const std::optional<std::uint64_t> number = parse_unsigned(text);
  if (!number || *number < least || *number > most) {
    return Error(Tag::usage, fmt::format("{} {}: expected a number from {} to {}", option,
                                         policy::in_quotes(text), least, most));
  }
  return static_cast<std::size_t>(*number);
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::uint64_t number_in(const char* name) { return parse_unsigned(variable(name)).value_or(0); }

// Whether a variable names this process; else what goes with it is meant for another.
bool names_us(const char* name) {
  return number_in(name) == static_cast<std::uint64_t>(::getpid());
}

// What a service manager says (sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3)).
void ask_manager(server::Settings& settings) {
  constexpr std::uint64_t most_sockets = 16;
  settings.notify_socket = variable("NOTIFY_SOCKET");
  if (variable("WATCHDOG_PID").empty() || names_us("WATCHDOG_PID")) {
    settings.watchdog_ns = number_in("WATCHDOG_USEC") * 1000;
  }
  if (names_us("LISTEN_PID")) {
    settings.passed_sockets = static_cast<int>(std::min(number_in("LISTEN_FDS"), most_sockets));
  }
}

Result<server::Settings> settings_of(const ParsedArguments& parsed, const policy::Request& how) {
  server::Settings settings;
  settings.stdio = parsed.has("--stdio");
  settings.socket = parsed.value_of("--socket");
  if (settings.stdio && parsed.has("--socket")) {
    return Error(Tag::usage, "--stdio and --socket: give one of them");
  }
  settings.metrics = parsed.value_of("--metrics");
  const auto cpus = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  settings.jobs = TRY(number_of(parsed, "--jobs", cpus, 1, most_of_one));
  settings.queue = TRY(number_of(parsed, "--queue", 1000, 0, most_queued));
  settings.warm = TRY(number_of(parsed, "--warm", 2 * settings.jobs, 0, most_of_one));
  settings.base = how;
  settings.base.caller_environment = callers_environment();
  ask_manager(settings);
  return settings;
}

// Tries what every run will need, while nobody else is in our cgroup yet.
// Why: where the groups' parent is the one that this process is in, v2 lets controllers be handed
// down only once it is empty, so that we move out of it; with workers beside us nobody could.
Result<Done> try_place(policy::Request how, const policy::HostFacts& facts,
                       std::span<const std::string> words) {
  how.command = {"sh"};
  how.prepared = filters::builtin_profile(how.profile);
  const Result<policy::Spec> spec = policy::resolve(how, facts);
  CHECK(policy::check_looks());
  if (!spec) {
    const Tag tag = spec.error().tag();
    if (facts.uid != 0 && how.cgroup_parent.empty() &&
        (tag == Tag::host_no_cgroup || tag == Tag::cgroup_busy)) {
      enter_systemd_scope(words);
    }
    return spec.error();
  }
  (void)TRY(cgroup::Group::create(facts, spec->cgroup_limits, std::nullopt));
  return Done{};
}

}  // namespace

Result<int> serve_command(const ParsedArguments& parsed, std::span<const std::string> words,
                          const Caller& caller) {
  if (!parsed.rest.empty()) {
    return Error(Tag::usage, fmt::format("serve takes no argument, such as {}",
                                         policy::in_quotes(parsed.rest.front())));
  }
  const policy::Request how = TRY(read_how(parsed, caller));
  const server::Settings settings = TRY(settings_of(parsed, how));
  const sys::Fd signals = TRY(sys::take_signals());
  sys::use_all_descriptors();
  const policy::HostFacts facts = TRY(policy::probe_host(how.cgroup_parent));
  if (const Result<Done> tried = try_place(how, facts, words); !tried) {
    // Why no end: a request may ask for less; each is told for itself.
    print_error(Error(tried.error()).context("trying what requests will need"));
  }
  server::Server server(settings, signals.ref());
  CHECK(server.serve());
  return 0;
}

}  // namespace sb::cli
