#include "supervise/parked.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "supervise/run.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

// A spec without what belongs to one run, and the program that its sandbox is yet to show.
struct Split {
  policy::Spec common;
  std::optional<policy::HostMount> program;
};

// The program's place is the last mount where find_program had to make one.
std::optional<policy::HostMount> take_program(policy::Spec& spec) {
  std::vector<policy::HostMount>& mounts = spec.files.mounts;
  if (mounts.empty() || mounts.back().target != spec.command.path_inside) {
    return std::nullopt;
  }
  policy::HostMount program = std::move(mounts.back());
  mounts.pop_back();
  return program;
}

// Limits that are watched from here: of a sandbox it only matters whether there are any.
void forget_watched(policy::Limits& limits) {
  limits.wall_time_ns.reset();
  limits.virtual_time_ns.reset();
  limits.output_bytes.reset();
  limits.on_output_limit = policy::OnOutputLimit::stop;
  if (limits.cpu_time_ns) {
    limits.cpu_time_ns = 1;
  }
}

Split split(policy::Spec spec) {
  Split result;
  result.program = take_program(spec);
  const std::string directory = spec.command.directory;
  spec.command = {.directory = directory};
  forget_watched(spec.limits);
  forget_watched(spec.cgroup_limits);
  spec.stdio = {.input = spec.stdio.input, .error_to_output = spec.stdio.error_to_output};
  spec.grace_ns = 0;
  spec.warnings.clear();
  result.common = std::move(spec);
  return result;
}

bool is_alike(const policy::Files& a, const policy::Files& b) {
  return std::tie(a.root_source, a.mounts, a.symlinks, a.tmpfs, a.put, a.get, a.workspace,
                  a.workspace_owner) == std::tie(b.root_source, b.mounts, b.symlinks, b.tmpfs,
                                                 b.put, b.get, b.workspace, b.workspace_owner);
}

bool is_alike(const policy::Spec& a, const policy::Spec& b) {
  return is_alike(a.files, b.files) && shape_of(a.stdio.input) == shape_of(b.stdio.input) &&
         a.stdio.error_to_output == b.stdio.error_to_output && a.clock == b.clock &&
         std::tie(a.profile_sha256, a.command.directory, a.limits, a.cgroup_limits, a.rlimits,
                  a.network, a.syscalls, a.set_id_bits_forbidden, a.syscalls_as_written,
                  a.syscalls_unread, a.ids, a.hostname, a.best_effort, a.name_violations) ==
             std::tie(b.profile_sha256, b.command.directory, b.limits, b.cgroup_limits, b.rlimits,
                      b.network, b.syscalls, b.set_id_bits_forbidden, b.syscalls_as_written,
                      b.syscalls_unread, b.ids, b.hostname, b.best_effort, b.name_violations);
}

// Whether a program can be shown in a sandbox that is there already: by its mount tree, which takes
// the right to make one, and in the scratch directory, the root being read-only by then.
bool can_be_late(const policy::Spec& spec, const policy::HostMount& program) {
  return !program.copy && program.contents == nullptr && spec.ids != policy::IdMode::caller &&
         spec.files.workspace == policy::WorkspaceMode::scratch &&
         program.target.starts_with("/workspace/");
}

// Whether sandboxes like this one can wait at all. Why not with a pipe for stdin: what was read of
// it for a start that then failed would be lost to the next; nor with the ids of a directory's
// owner, which the launch itself settles; nor with a virtual clock, whose time would begin with the
// tracing.
bool can_wait(const policy::Spec& spec) {
  // Nor where files go in or out, nor with an overlay, below which nothing is to change.
  return spec.files.get.empty() && spec.files.put.empty() &&
         spec.files.workspace != policy::WorkspaceMode::copy_on_write && spec.name_violations &&
         !spec.clock.is_virtual() && shape_of(spec.stdio.input) != InputShape::pipe &&
         std::none_of(spec.files.mounts.begin(), spec.files.mounts.end(),
                      [](const policy::HostMount& mount) {
                        return mount.as_owner || mount.copy ||
                               mount.mode == policy::MountMode::read_write;
                      });
}

}  // namespace

// nullopt: one of them is gone.
std::optional<std::vector<Parked::Source>> Parked::sources_of(const policy::Spec& spec) {
  std::vector<Source> sources;
  for (const policy::HostMount& mount : spec.files.mounts) {
    const std::optional<struct ::stat> status = sys::stat_path(mount.source);
    if (!status) {
      return std::nullopt;
    }
    sources.push_back({status->st_dev, status->st_ino});
  }
  return sources;
}

std::unique_ptr<Parked> Parked::make(const policy::Spec& spec, const policy::HostFacts& facts) {
  Split wanted = split(spec);
  if (!can_wait(wanted.common) || (wanted.program && !can_be_late(spec, *wanted.program))) {
    return nullptr;
  }
  // Why before the mounts are made: what is replaced meanwhile is then another than these.
  std::optional<std::vector<Source>> sources = sources_of(wanted.common);
  if (!sources) {
    return nullptr;
  }
  auto attempt = std::make_unique<Attempt>(std::move(wanted.common), facts);
  const bool started =
      attempt->make_streams() && attempt->start(sys::monotonic_ns(), true) && attempt->park();
  if (!started || (wanted.program && !attempt->can_take_program())) {
    return nullptr;
  }
  return std::unique_ptr<Parked>(new Parked(std::move(attempt), *std::move(sources)));
}

bool Parked::fits(const policy::Spec& spec) const {
  const Split wanted = split(spec);
  return is_alike(wanted.common, attempt_->spec()) &&
         (!wanted.program ||
          (can_be_late(spec, *wanted.program) && attempt_->can_take_program())) &&
         sources_of(wanted.common) == sources_;
}

std::optional<result::Outcome> Parked::run(const policy::Spec& spec, const Channels& channels,
                                           std::uint64_t created_ns) {
  policy::Spec whole = spec;
  const std::optional<policy::HostMount> program = take_program(whole);
  if (!attempt_->take(spec, program ? &*program : nullptr) || !attempt_->fill_streams()) {
    return std::nullopt;
  }
  result::Outcome outcome = attempt_->resume(channels, created_ns);
  // Why: an error before the program began may be one of the time that this has waited.
  if (outcome.error && outcome.time.started.empty()) {
    return std::nullopt;
  }
  outcome.sandbox = info_of(spec, facts());
  return outcome;
}

}  // namespace sb::supervise
