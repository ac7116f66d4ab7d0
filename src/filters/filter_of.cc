#include "filters/filter_of.h"

#include "filters/builtin_filters.h"
#include "filters/filter_cache.h"
#include "launch/inside/protocol.h"
#include "policy/resolve.h"
#include "seccomp/compile.h"

namespace sb::filters {

Result<seccomp::BpfProgram> filter_of(const policy::Spec& spec) {
  const auto builtin = builtin_filter(spec.profile_sha256, spec.set_id_bits_forbidden);
  if (builtin && spec.syscalls_as_written && spec.name_violations) {
    return seccomp::BpfProgram{{builtin->begin(), builtin->end()}};
  }
  const policy::SyscallPolicy policy = TRY(policy::syscalls_of(spec));
  const auto mode =
      spec.name_violations ? seccomp::KillMode::notify : seccomp::KillMode::kill_process;
  const std::uint32_t cookie = spec.name_violations ? inside::waiting_cookie : 0;
  const FilterCache cache(spec.filter_cache);
  const std::string key = spec.filter_cache.empty() ? "" : cache_key(policy, mode, cookie);
  if (std::optional<seccomp::BpfProgram> kept = cache.find(key)) {
    return *std::move(kept);
  }
  seccomp::BpfProgram program = TRY(seccomp::compile(policy, mode, cookie));
  if (!key.empty()) {
    cache.keep(key, program);
  }
  return program;
}

}  // namespace sb::filters
