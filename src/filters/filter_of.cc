#include "filters/filter_of.h"

#include "filters/builtin_filters.h"
#include "launch/inside/protocol.h"
#include "policy/resolve.h"
#include "seccomp/compile.h"

namespace sb::filters {

Result<seccomp::BpfProgram> filter_of(const policy::Spec& spec) {
  const auto builtin = builtin_filter(spec.profile_sha256, spec.set_id_bits_forbidden);
  if (!spec.name_violations) {
    return seccomp::compile(TRY(policy::syscalls_of(spec)), seccomp::KillMode::kill_process);
  }
  if (builtin && spec.syscalls_as_written) {
    return seccomp::BpfProgram{{builtin->begin(), builtin->end()}};
  }
  return seccomp::compile(TRY(policy::syscalls_of(spec)), seccomp::KillMode::notify,
                          inside::waiting_cookie);
}

}  // namespace sb::filters
