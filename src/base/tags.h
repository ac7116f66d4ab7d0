// The public names of everything that can go wrong, in one table (tags.cc).
// Must not know where an error happened: that is what Error's frames are for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sb {

// Public and stable: listed in sandbox(1), never renamed, never reused.
enum class Tag : std::uint16_t {
  usage,
  profile_not_found,
  profile_unreadable,
  profile_syntax,
  profile_unknown_key,
  profile_value,
  profile_unknown_syscall,
  profile_cycle,
  request_syntax,
  request_unknown_key,
  request_value,
  request_unreadable,
  host_userns,
  host_namespaces,
  host_no_cgroup,
  host_no_memory_controller,
  host_no_cpu_controller,
  host_no_pids_controller,
  host_no_cpuset_controller,
  host_unsupported,
  host_unreadable,
  host_setuid,
  cgroup_create,
  cgroup_limit,
  cgroup_read,
  cgroup_busy,
  cgroup_remove,
  ids_exhausted,
  seccomp_compile,
  files_source,
  files_target,
  files_workspace,
  files_put,
  files_archive,
  launch_clone,
  launch_idmap,
  launch_scheduling,
  launch_ids,
  launch_pdeathsig,
  launch_mount,
  launch_root,
  launch_network,
  launch_hostname,
  launch_spawn,
  launch_init,
  launch_join,
  launch_session,
  launch_keyring,
  launch_stdio,
  launch_rlimit,
  launch_directory,
  launch_close_fds,
  launch_capabilities,
  launch_no_new_privs,
  launch_landlock,
  launch_seccomp,
  launch_listener,
  launch_died,
  launch_protocol,
  program_not_found,
  program_not_executable,
  io_stdin,
  io_output,
  io_result,
  supervise_loop,
  clock_trace,
  serve_listen,
  serve_busy,
  serve_cancelled,
  serve_ending,
  serve_worker,
  internal,
};

struct TagInfo {
  Tag tag;
  std::string_view name;  // as in error.tag of the result: "launch.mount"
  int exit_code;          // of `sandbox run` when this error ends it
  std::string_view hint;  // the general remedy; empty where there is none
};

const TagInfo& info(Tag tag);
std::span<const TagInfo> all_tags();

}  // namespace sb
