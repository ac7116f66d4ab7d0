#include "cgroup/v2.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/split.h"
#include "cgroup/files.h"
#include "policy/cgroup_place.h"
#include "sys/files.h"

namespace sb::cgroup::v2 {
namespace {

bool serves(const Leaf& leaf, const char* controller) {
  return std::find(leaf.controllers.begin(), leaf.controllers.end(), controller) !=
         leaf.controllers.end();
}

// In a line of words, as cgroup.subtree_control is.
bool has_word(const std::string& text, const std::string& word) {
  const std::vector<std::string> words = split(first_line(text), ' ');
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Those of `controllers` that `directory` does not hand down yet, as "+a +b"; empty: none.
std::string missing(const std::string& directory, const std::vector<std::string>& controllers) {
  const std::string enabled =
      sys::read_file(directory + "/cgroup.subtree_control", largest_file).data;
  std::string wanted;
  for (const std::string& controller : controllers) {
    if (!has_word(enabled, controller)) {
      wanted += fmt::format("{}+{}", wanted.empty() ? "" : " ", controller);
    }
  }
  return wanted;
}

int enable(const std::string& directory, const std::vector<std::string>& controllers) {
  const std::string wanted = missing(directory, controllers);
  return wanted.empty() ? 0
                        : sys::write_file_at(sys::current_directory,
                                             directory + "/cgroup.subtree_control", wanted);
}

int make_directory(const std::string& path) {
  const int err = sys::make_directory(path);
  return err == EEXIST ? 0 : err;
}

// Whether `directory` holds this process and no other.
bool is_alone(const std::string& directory) {
  return sys::read_file(directory + "/cgroup.procs", largest_file).data ==
         fmt::format("{}\n", ::getpid());
}

Error create_error(const std::string& doing, const std::string& path, int err) {
  return Error(Tag::cgroup_create, fmt::format("{} \"{}\"", doing, path), err);
}

}  // namespace

Result<Done> make_ready(const policy::CgroupHierarchy& hierarchy,
                        const std::vector<std::string>& controllers) {
  const std::string& base = hierarchy.base;
  int err = 0;
  if (hierarchy.base_is_ours) {
    const std::string parent = base.substr(0, base.rfind('/'));
    err = enable(parent, controllers);
    err = err == 0 ? make_directory(base) : err;
    if (err != 0) {
      return create_error("making the cgroup", base, err);
    }
  }
  err = enable(base, controllers);
  if (err == EBUSY && is_alone(base)) {
    // Kernel: a v2 group has processes or hands controllers down, never both (cgroups(7), "no
    // internal processes"). This is the one write to cgroup.procs of the whole program.
    const std::string room = fmt::format("{}/{}", base, policy::supervisor_group);
    err = make_directory(room);
    err = err == 0 ? sys::write_file_at(sys::current_directory, room + "/cgroup.procs", "0") : err;
    err = err == 0 ? enable(base, controllers) : err;
  }
  if (err == EBUSY) {
    return Error(Tag::cgroup_busy, fmt::format("enabling controllers in \"{}\"", base), err);
  }
  if (err != 0) {
    return create_error("enabling controllers in", base, err);
  }
  return Done{};
}

Result<Done> make_members(Leaf& leaf, const std::vector<std::string>& controllers,
                          std::optional<std::uint32_t> owner) {
  const std::string run = leaf.path + "/run";
  const std::string init = leaf.path + "/init";
  int err = enable(leaf.path, controllers);
  for (const std::string& path : {run, init}) {
    err = err == 0 ? make_directory(path) : err;
  }
  if (err != 0) {
    return create_error("making the members of", leaf.path, err);
  }
  for (const std::string& path : {leaf.path, run}) {
    const std::string procs = path + "/cgroup.procs";
    if (owner && ::chown(procs.c_str(), *owner, *owner) != 0) {
      return create_error("giving away", procs, errno);
    }
  }
  sys::OpenResult counted = sys::open_path(run, O_RDONLY | O_DIRECTORY);
  sys::OpenResult uncounted = sys::open_path(init, O_RDONLY | O_DIRECTORY);
  if (counted.err != 0 || uncounted.err != 0) {
    return create_error("opening the members of", leaf.path,
                        counted.err != 0 ? counted.err : uncounted.err);
  }
  leaf.directory = std::move(counted.fd);
  leaf.init_directory = std::move(uncounted.fd);
  return Done{};
}

void remove_members(const std::string& path) {
  (void)::rmdir((path + "/init").c_str());  // Why: the caller's own rmdir tells of a failure.
  (void)::rmdir((path + "/run").c_str());
}

Result<Done> write_limits(const Leaf& leaf, const policy::Limits& limits) {
  const sys::FdRef directory = leaf.directory.ref();
  if (serves(leaf, "memory") && limits.memory_bytes) {
    CHECK(write_value(directory, "memory.max", fmt::format("{}", *limits.memory_bytes)));
    // Kernel: absent without swap accounting; then nothing of the group is ever swapped out.
    const int err = sys::write_file_at(directory, "memory.swap.max", "0");
    if (err != 0 && err != ENOENT) {
      return Error(Tag::cgroup_limit, "writing \"0\" to memory.swap.max", err);
    }
    // Why: the whole group ends at once, whoever the victim would have been. Kernel: since 4.19.
    CHECK(write_value(directory, "memory.oom.group", "1"));
  }
  if (serves(leaf, "pids") && limits.processes) {
    CHECK(write_value(directory, "pids.max", fmt::format("{}", *limits.processes)));
  }
  if (serves(leaf, "cpu") && limits.cpus_millis) {
    const Bandwidth bandwidth = bandwidth_of(*limits.cpus_millis);
    CHECK(write_value(directory, "cpu.max",
                      fmt::format("{} {}", bandwidth.quota_us, bandwidth.period_us)));
  }
  if (serves(leaf, "cpuset") && limits.cpu_set) {
    CHECK(write_cpu_set(directory, *limits.cpu_set, "cpuset.cpus.effective", leaf.parent));
  }
  return Done{};
}

namespace {

// What the counters say of the peak where none counts it. Kernel: "max" of memory.events is how
// often the group was about to go over memory.max (cgroup-v2.rst): then it had used all of it.
std::optional<std::uint64_t> known_memory_peak(const Leaf& leaf) {
  return leaf.counters.value("memory.events", "max").value_or(0) > 0
             ? leaf.counters.number("memory.max")
             : std::nullopt;
}

Error missing_file(const char* file) {
  return {Tag::cgroup_read, fmt::format("reading {}", file), EIO};
}

}  // namespace

std::vector<const char*> counter_files(const Leaf& leaf) {
  // Kernel: cpu.stat is there without the cpu controller, too.
  std::vector<const char*> files = {"cpu.stat"};
  if (serves(leaf, "memory")) {
    files.insert(files.end(), {"memory.events", "memory.peak"});
  }
  if (serves(leaf, "pids")) {
    files.insert(files.end(), {"pids.peak", "pids.events"});
  }
  return files;
}

Result<Done> read_cpu_usage(const Leaf& leaf, Usage& usage) {
  const std::string stat = leaf.counters.text("cpu.stat");
  const std::optional<std::uint64_t> us = value_in(stat, "usage_usec");
  if (!us) {
    return missing_file("cpu.stat");
  }
  usage.cpu_ns = *us * 1000;
  usage.user_ns = value_in(stat, "user_usec").value_or(0) * 1000;
  usage.system_ns = value_in(stat, "system_usec").value_or(0) * 1000;
  return Done{};
}

Result<Done> read_usage(const Leaf& leaf, Usage& usage) {
  CHECK(read_cpu_usage(leaf, usage));
  if (serves(leaf, "memory")) {
    usage.memory_peak_bytes = leaf.counters.number("memory.peak");
    if (!usage.memory_peak_bytes) {
      usage.memory_peak_bytes = known_memory_peak(leaf);
    }
    usage.oom_kills = read_oom_kills(leaf);
    if (const auto refused = leaf.counters.value("memory.events", "max")) {
      usage.met_memory_limit = *refused > 0;
    }
    if (!usage.oom_kills) {
      return missing_file("memory.events");
    }
  }
  if (serves(leaf, "pids")) {
    usage.processes_peak = leaf.counters.number("pids.peak");  // Kernel: since 6.1
    usage.processes_refused = leaf.counters.value("pids.events", "max");
  }
  return Done{};
}

std::optional<std::uint64_t> read_cpu_ns(const Leaf& leaf) {
  const std::optional<std::uint64_t> us = leaf.counters.value("cpu.stat", "usage_usec");
  return us ? std::optional(*us * 1000) : std::nullopt;
}

std::optional<std::uint64_t> read_oom_kills(const Leaf& leaf) {
  const std::optional<std::uint64_t> kills = leaf.counters.value("memory.events", "oom_kill");
  if (kills.value_or(0) == 0 || leaf.counters.number("memory.oom.group").value_or(0) == 0) {
    return kills;
  }
  // Kernel: with memory.oom.group each process that the one strike kills adds to oom_kill, our
  // guard too, and the victim twice: once chosen and once as a member, if it has not exited in
  // between. oom_group_kill counts strikes (since 5.17); before that one is what is certain.
  return std::max(leaf.counters.value("memory.events", "oom_group_kill").value_or(1),
                  std::uint64_t{1});
}

bool counts_memory_peak(const Leaf& leaf) {
  return leaf.counters.number("memory.peak").has_value();
}

std::optional<std::uint64_t> read_memory_now(const Leaf& leaf) {
  return leaf.counters.number("memory.current");
}

Result<sys::Fd> watch_oom(const Leaf& leaf) {
  sys::OpenResult events = sys::open_at(leaf.directory.ref(), "memory.events", O_RDONLY);
  char ignored[512];
  if (events.err != 0 || ::pread(events.fd.number(), ignored, sizeof ignored, 0) < 0) {
    return Error(Tag::cgroup_limit, "watching memory.events", events.err != 0 ? events.err : errno);
  }
  return std::move(events.fd);
}

bool kill_all(const Leaf& leaf) {
  return sys::write_file_at(leaf.directory.ref(), "cgroup.kill", "1") == 0;
}

bool set_frozen(const Leaf& leaf, bool frozen) {
  const sys::FdRef directory = leaf.directory.ref();
  if (sys::write_file_at(directory, "cgroup.freeze", frozen ? "1" : "0") != 0) {
    return false;
  }
  // Limit: each member stops at its next return to user space; one in a long wait of the kernel's
  // does later, and uses no time until then.
  constexpr int tries = 20;
  const sys::OpenResult events = sys::open_at(directory, "cgroup.events", O_RDONLY);
  for (int i = 0; frozen && events.err == 0 && i < tries; ++i) {
    // Kernel: a read says what is, and makes the next poll wait for a change of it.
    char text[256];
    const ssize_t got = ::pread(events.fd.number(), text, sizeof text, 0);
    if (got <= 0 || std::string_view(text, static_cast<std::size_t>(got)).find("frozen 1") !=
                        std::string_view::npos) {
      break;
    }
    constexpr int wait_ms = 5;
    pollfd changed{.fd = events.fd.number(), .events = POLLPRI, .revents = 0};
    (void)::poll(&changed, 1, wait_ms);
  }
  return true;
}

}  // namespace sb::cgroup::v2
