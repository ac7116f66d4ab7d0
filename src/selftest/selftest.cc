#include "selftest/selftest.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <linux/keyctl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sha256.h"
#include "filters/builtin_filters.h"
#include "filters/filter_of.h"
#include "policy/resolve.h"
#include "selftest/probes/probe.h"
#include "selftest/runner.h"
#include "selftest/subject.h"
#include "supervise/run.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::selftest {
namespace {

constexpr std::uint64_t grace_ns = 1'000'000'000;
constexpr std::size_t most_at_once = 16;
// Limit: of what is hashed of our own file.
constexpr std::size_t most_of_binary = std::size_t{1} << 28;

struct Switch {
  const char* key;
  const char* option;
};

// Limits that need a control group; without one, everything else can still be tried.
constexpr std::array of_groups = {
    Switch{"limits.memory", "--memory"},       Switch{"limits.cpu_time", "--cpu-time"},
    Switch{"limits.processes", "--processes"}, Switch{"limits.cpus", "--cpus"},
    Switch{"limits.cpu_set", "--cpu-set"},
};

std::string own_path() { return sys::read_link("/proc/self/exe").value_or("/proc/self/exe"); }

std::string hash_of_binary() {
  return sha256_hex(sys::read_file("/proc/self/exe", most_of_binary).data);
}

// Switches off what this host can't enforce. Errors: what else keeps a run from starting.
Result<policy::Spec> resolve_here(policy::Request& request, const policy::HostFacts& host,
                                  Words& options) {
  Result<policy::Spec> spec = policy::resolve(request, host);
  const std::string_view tag = spec ? "" : info(spec.error().tag()).name;
  if (!tag.starts_with("host.no_") && tag != info(Tag::cgroup_busy).name) {
    return spec;
  }
  for (const Switch& limit : of_groups) {
    request.overrides.push_back({.key = limit.key, .text = "none", .option = limit.option});
    options.insert(options.end(), {limit.option, "none"});
  }
  return policy::resolve(request, host);
}

// Why: where a group is to be divided, the first run moves this process out of it; and what keeps
// one run from starting keeps all.
Result<Done> try_one_run(const policy::Spec& spec, const policy::HostFacts& host) {
  // Why not our signals: one that comes now waits, and ends what follows; the run would eat it.
  const sys::Fd none(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  result::Outcome outcome = supervise::run(spec, host, {none.ref()}, sys::monotonic_ns());
  if (outcome.error) {
    return *std::move(outcome.error);
  }
  return Done{};
}

// A key that every process of ours has, and no program inside may find. Why a session keyring of
// this process: it ends with it.
bool hold_a_key() {
  return ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0 &&
         ::syscall(SYS_add_key, "user", probes::key_name, "1", 1, KEY_SPEC_SESSION_KEYRING) >= 0;
}

std::string userns_option(policy::UsernsChoice choice) {
  switch (choice) {
    case policy::UsernsChoice::always:
      return "always";
    case policy::UsernsChoice::never:
      return "never";
    case policy::UsernsChoice::automatic:
      break;
  }
  return "auto";
}

Report report_about(const policy::Spec& spec, const policy::HostFacts& host) {
  return {.profile = spec.profile_name,
          .profile_sha256 = spec.profile_sha256,
          .kernel = host.kernel,
          .uid = host.uid,
          .is_root = host.is_root};
}

void judge_own_file(const Subject& subject, const std::string& before) {
  if (hash_of_binary() != before) {
    subject.judge(subject.programs_row, {State::broken, "the file of sandbox itself was changed"});
  }
}

}  // namespace

policy::Request request_for(const std::string& profile) {
  return {.profile = profile,
          .prepared = filters::builtin_profile(profile),
          .command = {own_path(), "--version"},
          .caller_directory = sys::real_path(".").value_or("/"),
          .stdio = {.input = policy::InputKind::null},
          .grace_ns = grace_ns};
}

Result<Tried> run_selftest(policy::Request request, const policy::HostFacts& host,
                           sys::FdRef signals) {
  const std::uint64_t started_ns = sys::monotonic_ns();
  Words options = {"--profile", request.profile, "--userns", userns_option(request.userns)};
  const policy::Spec spec = TRY(resolve_here(request, host, options));
  CHECK(try_one_run(spec, host));
  const seccomp::BpfProgram filter = TRY(filters::filter_of(spec));
  const sys::Fd leaked = TRY(sys::sealed_memfd_of("secret", "secret", Tag::internal));
  // Why: whatever outlives its run becomes our child, where it is seen.
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  Tried tried{.report = report_about(spec, host)};
  Runner runner(options, signals, leaked.ref(),
                std::clamp(std::size_t{host.cpus} * 4, std::size_t{4}, most_at_once));
  Subject subject{.host = host,
                  .request = request,
                  .spec = spec,
                  .filter = filter,
                  .report = tried.report,
                  .runner = runner,
                  .holds_key = hold_a_key()};
  const std::string binary = hash_of_binary();
  try_inside(subject);
  try_files(subject);
  try_reach(subject);
  try_calls(subject);
  try_limits(subject);
  try_channels(subject);
  tried.interrupted_by = runner.run_all();
  judge_own_file(subject, binary);
  judge_what_is_left(subject);
  tried.report.sort_by_group();
  tried.report.elapsed_ns = sys::monotonic_ns() - started_ns;
  return tried;
}

}  // namespace sb::selftest
