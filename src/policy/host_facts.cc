#include "policy/host_facts.h"

#include <algorithm>
#include <cstdio>

#include <fmt/core.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "policy/capabilities.h"
#include "policy/cgroup_place.h"
#include "sys/trouble.h"

namespace sb::policy {
bool CgroupHierarchy::has(const std::string& controller) const {
  return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

bool HostFacts::kernel_at_least(unsigned major, unsigned minor) const {
  unsigned own_major = 0;
  unsigned own_minor = 0;
  if (std::sscanf(kernel.c_str(), "%u.%u", &own_major, &own_minor) != 2) {
    return false;
  }
  return own_major > major || (own_major == major && own_minor >= minor);
}

namespace {

std::vector<std::uint32_t> supplementary_groups(std::uint32_t gid) {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(0, count)));
  std::erase(groups, gid);
  return groups;
}

}  // namespace

Result<HostFacts> probe_host(const std::string& cgroup_parent) {
  HostFacts facts;
  facts.uid = ::geteuid();
  facts.gid = ::getegid();
  facts.groups = supplementary_groups(facts.gid);
  if (::getuid() != facts.uid || ::getgid() != facts.gid) {
    return Error(Tag::host_setuid, "starting with more rights than the caller's");
  }
  facts.is_root = facts.uid == 0 &&
                  has_effective_capabilities({CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, CAP_CHOWN});
  utsname name{};
  if (::uname(&name) == 0) {
    facts.kernel = static_cast<const char*>(name.release);
  }
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) == 0) {
    facts.cpus = static_cast<unsigned>(CPU_COUNT(&cpus));
  }
  facts.cgroups = TRY(probe_cgroups(facts.is_root, cgroup_parent));
  return facts;
}

Result<Done> check_looks() {
  if (const std::optional<sys::Trouble>& trouble = sys::first_trouble()) {
    return Error(Tag::host_unreadable, fmt::format("looking at \"{}\"", trouble->what),
                 trouble->err);
  }
  return Done{};
}

}  // namespace sb::policy
