// HostSettings: what this host says of itself in /proc and /sys, where a remedy depends on it.
// Must not try anything out (launch/probe_host_features.h) or judge (doctor_checks.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "policy/host_facts.h"

namespace sb::cli {

struct HostSettings {
  // nullopt: this kernel has no such setting.
  std::optional<std::uint64_t> unprivileged_userns_clone;
  std::optional<std::uint64_t> apparmor_restrict_unprivileged_userns;
  std::optional<std::uint64_t> ptrace_scope;
  bool filtered = false;  // under somebody else's seccomp filter
  bool has_proc = false;
  bool chrooted = false;           // "/" is no mount point: user namespaces are forbidden there
  std::string container;           // "docker", "podman", "kubernetes", or empty
  bool cgroups_read_only = false;  // mounted so
  bool systemd = false;            // the host was booted with it
  bool user_manager = false;       // the caller's own is running
  bool in_scope = false;           // started by it, in a scope
  bool has_swap = false;
  bool swap_accounted = false;
  std::map<std::string, bool> controllers;  // /proc/cgroups: whether it is enabled
  std::string clock_source;
};

HostSettings read_settings(const policy::HostFacts& facts);

}  // namespace sb::cli
