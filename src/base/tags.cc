#include "base/tags.h"

#include <array>

namespace sb {
namespace {

constexpr int exit_usage = 2;
constexpr int exit_sandbox = 125;
constexpr int exit_not_executable = 126;
constexpr int exit_not_found = 127;

constexpr std::array table = {
    TagInfo{Tag::usage, "usage", exit_usage, "see sandbox --help"},
    TagInfo{Tag::profile_not_found, "profile.not_found", exit_usage,
            "sandbox profile list shows the built-in ones; a name with a slash is a file"},
    TagInfo{Tag::profile_unreadable, "profile.unreadable", exit_usage, ""},
    TagInfo{Tag::profile_syntax, "profile.syntax", exit_usage, "see sandbox-profile(5)"},
    TagInfo{Tag::profile_unknown_key, "profile.unknown_key", exit_usage, "see sandbox-profile(5)"},
    TagInfo{Tag::profile_value, "profile.value", exit_usage, "see sandbox-profile(5)"},
    TagInfo{Tag::profile_unknown_syscall, "profile.unknown_syscall", exit_usage,
            "names are those of this architecture; groups start with @"},
    TagInfo{Tag::profile_cycle, "profile.cycle", exit_usage, "a profile can't extend itself"},
    TagInfo{Tag::request_syntax, "request.syntax", exit_usage, ""},
    TagInfo{Tag::request_unknown_key, "request.unknown_key", exit_usage, ""},
    TagInfo{Tag::request_value, "request.value", exit_usage, ""},
    TagInfo{Tag::request_unreadable, "request.unreadable", exit_usage, ""},
    TagInfo{Tag::host_userns, "host.userns", exit_sandbox,
            "allow user namespaces for this caller: sysctl -w user.max_user_namespaces=15000, and "
            "where they exist kernel.unprivileged_userns_clone=1 and "
            "kernel.apparmor_restrict_unprivileged_userns=0; or run as root"},
    TagInfo{Tag::host_namespaces, "host.namespaces", exit_sandbox,
            "run as root with CAP_SYS_ADMIN, or allow user namespaces"},
    TagInfo{Tag::host_no_cgroup, "host.no_cgroup", exit_sandbox,
            "run as root, in a delegated cgroup (systemd-run --user --scope -p Delegate=yes), or "
            "switch the limit off with \"none\""},
    TagInfo{Tag::host_no_memory_controller, "host.no_memory_controller", exit_sandbox,
            "boot with the memory cgroup controller, or switch the limit off with --memory none"},
    TagInfo{Tag::host_no_cpu_controller, "host.no_cpu_controller", exit_sandbox,
            "enable the cpu cgroup controller, or leave cpus and cpu_time off with \"none\""},
    TagInfo{Tag::host_no_pids_controller, "host.no_pids_controller", exit_sandbox,
            "enable the pids cgroup controller, or switch the limit off with --processes none"},
    TagInfo{Tag::host_no_cpuset_controller, "host.no_cpuset_controller", exit_sandbox,
            "enable the cpuset cgroup controller, or leave cpu_set off"},
    TagInfo{Tag::host_unsupported, "host.unsupported", exit_sandbox, ""},
    TagInfo{Tag::host_unreadable, "host.unreadable", exit_sandbox,
            "memory or descriptors (ulimit -n) are short, or a disk is broken"},
    TagInfo{Tag::host_setuid, "host.setuid", exit_sandbox,
            "remove the setuid bit or the file capabilities from the sandbox binary"},
    TagInfo{Tag::cgroup_create, "cgroup.create", exit_sandbox,
            "run as root, or in a delegated cgroup, or name one with --cgroup-parent"},
    TagInfo{Tag::cgroup_limit, "cgroup.limit", exit_sandbox, ""},
    TagInfo{Tag::cgroup_read, "cgroup.read", exit_sandbox, ""},
    TagInfo{Tag::cgroup_busy, "cgroup.busy", exit_sandbox,
            "start sandbox in a cgroup of its own, for example with systemd-run --scope -p "
            "Delegate=yes"},
    TagInfo{Tag::cgroup_remove, "cgroup.remove", exit_sandbox, ""},
    TagInfo{Tag::ids_exhausted, "ids.exhausted", exit_sandbox,
            "wait until other runs have ended: each has a pair of host ids of its own"},
    TagInfo{Tag::seccomp_compile, "seccomp.compile", exit_sandbox, ""},
    TagInfo{Tag::files_source, "files.source", exit_usage, ""},
    TagInfo{Tag::files_target, "files.target", exit_usage, ""},
    TagInfo{Tag::files_workspace, "files.workspace", exit_usage, ""},
    TagInfo{Tag::files_put, "files.put", exit_sandbox, ""},
    TagInfo{Tag::files_archive, "files.archive", exit_sandbox, ""},
    TagInfo{Tag::launch_clone, "launch.clone", exit_sandbox,
            "namespaces need root or unprivileged user namespaces; sandbox doctor says which"},
    TagInfo{Tag::launch_idmap, "launch.idmap", exit_sandbox, ""},
    TagInfo{Tag::launch_scheduling, "launch.scheduling", exit_sandbox, ""},
    TagInfo{Tag::launch_ids, "launch.ids", exit_sandbox, ""},
    TagInfo{Tag::launch_pdeathsig, "launch.pdeathsig", exit_sandbox, ""},
    TagInfo{Tag::launch_mount, "launch.mount", exit_sandbox,
            "where a container or the host forbids it, sandbox doctor says what would allow it"},
    TagInfo{Tag::launch_root, "launch.root", exit_sandbox, ""},
    TagInfo{Tag::launch_network, "launch.network", exit_sandbox, ""},
    TagInfo{Tag::launch_hostname, "launch.hostname", exit_sandbox, ""},
    TagInfo{Tag::launch_spawn, "launch.spawn", exit_sandbox, ""},
    TagInfo{Tag::launch_init, "launch.init", exit_sandbox, ""},
    TagInfo{Tag::launch_join, "launch.join", exit_sandbox, ""},
    TagInfo{Tag::launch_session, "launch.session", exit_sandbox, ""},
    TagInfo{Tag::launch_keyring, "launch.keyring", exit_sandbox, ""},
    TagInfo{Tag::launch_stdio, "launch.stdio", exit_sandbox, ""},
    TagInfo{Tag::launch_rlimit, "launch.rlimit", exit_sandbox,
            "the caller's own hard limit may be lower than the one asked for"},
    TagInfo{Tag::launch_directory, "launch.directory", exit_sandbox,
            "--directory must exist inside"},
    TagInfo{Tag::launch_close_fds, "launch.close_fds", exit_sandbox, ""},
    TagInfo{Tag::launch_capabilities, "launch.capabilities", exit_sandbox, ""},
    TagInfo{Tag::launch_no_new_privs, "launch.no_new_privs", exit_sandbox, ""},
    TagInfo{Tag::launch_landlock, "launch.landlock", exit_sandbox, ""},
    TagInfo{Tag::launch_seccomp, "launch.seccomp", exit_sandbox,
            "the kernel needs CONFIG_SECCOMP_FILTER"},
    TagInfo{Tag::launch_listener, "launch.listener", exit_sandbox,
            "whatever sandbox itself runs in listens to system calls, or refuses pidfd_getfd(2); "
            "--best-effort runs without naming violations"},
    TagInfo{Tag::launch_died, "launch.died", exit_sandbox, ""},
    TagInfo{Tag::launch_protocol, "launch.protocol", exit_sandbox, ""},
    TagInfo{Tag::program_not_found, "program.not_found", exit_not_found, ""},
    TagInfo{Tag::program_not_executable, "program.not_executable", exit_not_executable,
            "it must be an executable file of this architecture, or a script whose first line "
            "names an interpreter that exists inside"},
    TagInfo{Tag::io_stdin, "io.stdin", exit_usage, ""},
    TagInfo{Tag::io_output, "io.output", exit_sandbox, ""},
    TagInfo{Tag::io_result, "io.result", exit_sandbox, ""},
    TagInfo{Tag::supervise_loop, "supervise.loop", exit_sandbox, ""},
    TagInfo{Tag::clock_trace, "clock.trace", exit_sandbox,
            "a virtual clock needs ptrace(2) on descendants: allow it where sandbox itself runs "
            "(kernel.yama.ptrace_scope at most 1; in a container, its seccomp profile)"},
    TagInfo{Tag::serve_listen, "serve.listen", exit_sandbox, ""},
    TagInfo{Tag::serve_busy, "serve.busy", exit_sandbox,
            "send it again once another request has been answered; --queue sets the bound"},
    TagInfo{Tag::serve_cancelled, "serve.cancelled", exit_sandbox, ""},
    TagInfo{Tag::serve_ending, "serve.ending", exit_sandbox, "send it to another server"},
    TagInfo{Tag::serve_worker, "serve.worker", exit_sandbox, ""},
    TagInfo{Tag::internal, "internal", exit_sandbox, "this is a bug of sandbox: please report it"},
};

constexpr bool table_is_in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table.at(i).tag) != i) {
      return false;
    }
  }
  return table.size() == static_cast<std::size_t>(Tag::internal) + 1;
}
static_assert(table_is_in_order(), "info() indexes the table by tag");

}  // namespace

const TagInfo& info(Tag tag) { return table.at(static_cast<std::size_t>(tag)); }

std::span<const TagInfo> all_tags() { return table; }

}  // namespace sb
