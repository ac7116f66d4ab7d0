// What the supervisor has counted when all is over.
#include <algorithm>

#include <fmt/core.h>

#include "base/log.h"
#include "launch/stages.h"
#include "supervise/supervisor.h"
#include "sys/process.h"

namespace sb::supervise {

// What our own code used in the group before the program: the target's stages, the guard.
void Supervisor::note_baseline() {
  if (group_ != nullptr) {
    baseline_ = group_->cpu_usage();
  }
}

void Supervisor::subtract_baseline() {
  const auto subtract = [](std::optional<std::uint64_t>& from,
                           const std::optional<std::uint64_t>& amount) {
    if (from) {
      *from -= std::min(*from, amount.value_or(0));
    }
  };
  subtract(seen_.usage.cpu_ns, baseline_.cpu_ns);
  subtract(seen_.usage.user_ns, baseline_.user_ns);
  if (seen_.usage.cpu_ns) {
    seen_.usage.user_ns = std::min(seen_.usage.user_ns.value_or(0), *seen_.usage.cpu_ns);
    seen_.usage.system_ns = *seen_.usage.cpu_ns - *seen_.usage.user_ns;
  }
}

// What a launch spends its time on, in microseconds since the supervisor began (SANDBOX_LOG=debug).
void Supervisor::log_stages() const {
  const auto since_created = [this](std::uint64_t when_ns) {
    return (when_ns - seen_.created_ns) / 1000;
  };
  for (std::uint32_t i = 1; i < inside::stage_count; ++i) {
    const std::uint64_t entered_ns = running_.progress().entered_ns[i];
    if (entered_ns >= seen_.created_ns) {
      log_debug(fmt::format("{:>6} us: {}", since_created(entered_ns),
                            launch::stage_name(static_cast<inside::Stage>(i))));
    }
  }
  log_debug(fmt::format("{:>6} us: the program has ended", since_created(seen_.ended_ns)));
  log_debug(fmt::format("{:>6} us: all is read", since_created(sys::monotonic_ns())));
}

void Supervisor::read_usage() {
  if (group_ != nullptr) {
    usage_.emplace(group_->usage());
  }
}

void Supervisor::collect() {
  if (seen_.ended_ns == 0) {
    seen_.ended_ns = clock_.at(sys::monotonic_ns());
  }
  collect_streams();
  collect_clock();
  if (log_enabled()) {
    log_stages();
  }
  if (group_ == nullptr) {
    return;
  }
  if (!usage_) {
    read_usage();
  }
  if (*usage_) {
    seen_.usage = **usage_;
    if (sampled_peak_bytes_ > seen_.usage.memory_peak_bytes.value_or(0)) {
      seen_.usage.memory_peak_bytes = sampled_peak_bytes_;
    }
    subtract_baseline();
    if (listener_ && seen_.usage.processes_peak.value_or(0) > 0) {
      --*seen_.usage.processes_peak;  // the guard
    }
  } else {
    seen_.record_failure(usage_->error());
  }
}

}  // namespace sb::supervise
