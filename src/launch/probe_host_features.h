// HostFeatures: what the kernel lets this caller do, found by trying it in short-lived processes.
// Must not say what a failure means, or how to mend it: that is cli/doctor_checks.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sb::launch {

// What a run needs of its namespaces, in the order of trying.
enum class NamespaceStep {
  clone,
  id_map,
  private_mounts,
  proc,
  tmpfs,
  open_tree,
  mount_setattr,
  hostname,
  loopback,
};
inline constexpr std::size_t namespace_steps = 9;
std::string_view name_of(NamespaceStep step);

enum class SeccompStep { filter, listener, pidfd_getfd, continue_call };
inline constexpr std::size_t seccomp_steps = 4;
std::string_view name_of(SeccompStep step);

inline constexpr int not_tried = -1;

// By step: 0 where it works, an errno, or not_tried.
template <std::size_t count>
struct Trial {
  std::array<int, count> err{};

  Trial() { err.fill(not_tried); }
  template <class Step>
  int& of(Step step) {
    return err.at(static_cast<std::size_t>(step));
  }
  template <class Step>
  int of(Step step) const {
    return err.at(static_cast<std::size_t>(step));
  }
  // The first step that does not work; `count` where all do.
  std::size_t failed_at() const {
    for (std::size_t i = 0; i < count; ++i) {
      if (err.at(i) != 0) {
        return i;
      }
    }
    return count;
  }
  bool works() const { return failed_at() == count; }
};

struct HostFeatures {
  Trial<namespace_steps> with_user_namespace;
  Trial<namespace_steps> without_user_namespace;  // tried as root only
  Trial<seccomp_steps> seccomp;
  int idmapped_mount_err = not_tried;  // of the root file system, as root
  int host_ids_err = not_tried;        // as root: the lock file of host ids
  int landlock_abi = 0;                // 0: there is none
  bool children_file = false;          // /proc/PID/task/TID/children
};

// Needs a process with one thread. Takes milliseconds; a child that hangs is killed after seconds.
HostFeatures probe_host_features(bool is_root);

}  // namespace sb::launch
