// PlanBuilder: owns a Plan, and every string, array and descriptor that it points to.
// Must not start anything; what it opens is closed when it goes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "fs/mount_plan.h"
#include "launch/host_ids.h"
#include "launch/inside/plan.h"
#include "launch/late_pages.h"
#include "launch/owner_mapper.h"
#include "launch/plan_pages.h"
#include "policy/spec.h"
#include "seccomp/program.h"
#include "sys/fd.h"

namespace sb::launch {

// Why: not movable: the plan points into it.
class PlanBuilder {
 public:
  PlanBuilder() = default;
  PlanBuilder(const PlanBuilder&) = delete;
  PlanBuilder& operator=(const PlanBuilder&) = delete;

  // Opens the host's sources and lays out mounts, limits and program. The channels and
  // descriptors are the caller's to fill in. `ids` is null where the target has the caller's; the
  // target's ids change where a mount's file system leaves no other way.
  // Errors: files.source, files.workspace, launch.idmap.
  Result<Done> build(const policy::Spec& spec, HostIds* ids);
  void set_filter(const seccomp::BpfProgram& program);
  // Of a virtual clock: loaded before the other one.
  void set_trace_filter(const seccomp::BpfProgram& program);
  // Once init is cloned: it has descriptors of its own.
  void close_sources() { fds_.clear(); }

  // Has the plan's command be one that is told later, by set_command(). Errors: launch.clone.
  Result<Done> await_command();
  // False: this command is too long for the room that was kept.
  bool set_command(const policy::Command& command);
  // The tree of a program that the sandbox does not show yet; the steps to show it are where init
  // looks for them. Errors: files.source, launch.mount.
  Result<sys::Fd> late_program(const policy::HostMount& program);

  inside::Plan& plan() { return plan_; }
  const inside::Plan& plan() const { return plan_; }
  const std::vector<fs::MountOp>& mounts() const { return ops_; }
  const seccomp::BpfProgram& filter() const { return filter_; }
  // What the spec could not foresee, for the result.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  const char* keep(std::string_view text) { return pages_.keep(text); }
  char* const* keep_array(const std::vector<std::string>& words);
  Result<Done> add_mounts(const policy::Spec& spec, HostIds* ids);
  Result<std::vector<inside::MountStep>> lower_all(const policy::Spec& spec, HostIds* ids);
  Result<inside::MountStep> lower(const fs::MountOp& op, bool by_path, OwnerMapper& mapper);
  void add_limits(const policy::Limits& limits, const policy::ProcessLimits& own);

  void add_puts(const policy::Files& files);

  PlanPages pages_;
  inside::Plan& plan_ = pages_.make<inside::Plan>();
  std::optional<LatePages> late_;
  std::vector<fs::MountOp> ops_;
  std::vector<sys::Fd> fds_;
  std::vector<std::string> warnings_;
  seccomp::BpfProgram filter_;
};

}  // namespace sb::launch
