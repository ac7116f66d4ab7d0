// Contract of the inside: rights, descriptors, ids, namespaces, names; asked inside and outside.
#include <array>
#include <cstring>
#include <memory>

#include <fmt/core.h>

#include "base/split.h"
#include "selftest/outside.h"
#include "selftest/probes/probe.h"
#include "selftest/subject.h"
#include "sys/files.h"

namespace sb::selftest {
namespace {

struct FactRow {
  const char* group;
  const char* promise;
  const char* attempt;
  const char* key;  // of the probe, and where it is seen from outside of that, too
  const char* expected;
  const char* shown = nullptr;  // in the place of the value that is expected
};

constexpr std::array fact_rows = {
    FactRow{"Rights", "no capability", "all five sets of them", "capabilities", "0", "none"},
    FactRow{"Rights", "no new privileges", "/proc/PID/status", "no_new_privs", "1", "set"},
    FactRow{"Rights", "a filter of system calls", "/proc/PID/status", "seccomp", "2", "in force"},
    FactRow{"Rights", "a session of its own", "getsid(2)", "own_session", "1", "leads it"},
    FactRow{"Rights", "descriptors 0, 1 and 2 only", "the caller leaks one more", "descriptors",
            "0 1 2"},
    FactRow{"Rights", "no core dump", "RLIMIT_CORE", "core", "1 1"},
    FactRow{"Rights", "umask 022", "umask(2)", "umask", "022"},
    FactRow{"Names", "the host name is the sandbox's", "uname(2)", "hostname", "sandbox"},
    FactRow{"Names", "the time zone is UTC", "localtime(3)", "utc_offset", "0", "0 s from UTC"},
    FactRow{"Names", "no name of a control group", "/proc/self/cgroup", "groups_are_roots", "1",
            "/ in all of them"},
    FactRow{"Network", "no interface but the loopback", "/proc/net/dev", "interfaces", "lo"},
};

constexpr std::array namespaces = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};

std::string of(const Facts& facts, const std::string& key) {
  const auto found = facts.find(key);
  return found != facts.end() ? found->second : "";
}

Verdict judge_ids(const Seen& seen, const Facts& facts) {
  const std::optional<std::string> uid = seen.fact("uid");
  const std::optional<std::string> gid = seen.fact("gid");
  if (!uid || !gid) {
    return seen.stopped_early();
  }
  bool root = *uid == "0" || *gid == "0";
  for (const std::string& id : split(of(facts, "uids") + " " + of(facts, "gids"), ' ')) {
    root = root || id == "0";
  }
  return {root ? State::broken : State::held,
          fmt::format("user {} inside; on the host: {}", *uid, of(facts, "uids"))};
}

// From here on, ids are used by nothing but runs (launch/host_ids.cc).
constexpr unsigned long first_host_id = 1'900'000'000;

Verdict judge_host_id(const Subject& subject, const Facts& facts) {
  if (subject.spec.ids == policy::IdMode::caller) {
    return {State::not_provided,
            "only root has other ids to give: on the host it is the caller's own"};
  }
  const std::string uids = of(facts, "uids");
  if (uids.empty()) {
    return {State::untried, "the process was not found from outside"};
  }
  bool own = true;
  for (const std::string& id : split(uids, ' ')) {
    own = own && std::stoul(id) >= first_host_id;
  }
  return {own ? State::held : State::broken, fmt::format("user {} on the host", uids)};
}

Verdict judge_groups(const Subject& subject, const Facts& facts) {
  if (facts.empty()) {
    return {State::untried, "the process was not found from outside"};
  }
  const std::string groups = of(facts, "groups");
  if (groups.empty()) {
    return {State::held, "none"};
  }
  return {subject.spec.ids == policy::IdMode::caller ? State::not_provided : State::broken,
          subject.spec.ids == policy::IdMode::caller
              ? "the kernel lets nobody but root leave a group: " + groups
              : groups};
}

Verdict judge_namespace(const Subject& subject, const Facts& facts, const std::string& name) {
  const std::string its = of(facts, "ns " + name);
  const std::string ours = sys::read_link("/proc/self/ns/" + name).value_or("");
  if (its.empty() || ours.empty()) {
    return {State::untried, "can't be read from outside"};
  }
  if (its != ours) {
    return {State::held, its};
  }
  if (name == "user" && subject.spec.ids == policy::IdMode::plain) {
    return {State::not_provided, subject.request.userns == policy::UsernsChoice::never
                                     ? "--userns never asks for none"
                                     : "there is no user namespace for this caller"};
  }
  return {State::broken, "it is the host's"};
}

// Mounts that a program may write to; all others are to be read-only, and all without set-user-ID.
bool may_be_writable(const Subject& subject, const std::string& target) {
  bool may =
      target == "/proc" || target == "/tmp" || target == "/workspace" || target == "/dev/shm";
  for (const std::string& directory : subject.spec.files.tmpfs) {
    may = may || target == directory;
  }
  for (const policy::HostMount& mount : subject.spec.files.mounts) {
    may = may || (mount.mode == policy::MountMode::read_write && mount.target == target);
  }
  return may;
}

// Those mount points whose options lack `option`, of the lines of /proc/PID/mountinfo.
std::string mounts_without(const Subject& subject, const Facts& facts, const std::string& option) {
  std::string text;
  for (const std::string& line : split(of(facts, "mountinfo"), '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    const bool has =
        words.size() > 5 && ("," + words[5] + ",").find("," + option + ",") != std::string::npos;
    if (words.size() > 5 && !has && (option != "ro" || !may_be_writable(subject, words[4]))) {
      text += " " + words[4];
    }
  }
  return text;
}

Verdict judge_mounts(const Subject& subject, const Facts& facts, const std::string& option) {
  if (of(facts, "mountinfo").empty()) {
    return {State::untried, "can't be read from outside"};
  }
  const std::string without = mounts_without(subject, facts, option);
  return {without.empty() ? State::held : State::broken,
          without.empty() ? "all of them" : "not" + without};
}

// Where a run's groups were and are no more once it has ended.
void judge_removed_group(const Subject& subject, std::size_t row, const Facts& facts) {
  const std::string text = of(facts, "cgroup");
  const std::size_t at = text.find("/sandbox.");
  if (at == std::string::npos) {
    subject.judge(row, {State::not_provided, "the run has no group of its own"});
    return;
  }
  const std::string name = text.substr(at + 1, text.find_first_of("/\n", at + 1) - at - 1);
  for (const policy::CgroupHierarchy& hierarchy : subject.host.cgroups) {
    if (sys::stat_path(hierarchy.base + "/" + name)) {
      subject.judge(row, {State::broken, hierarchy.base + "/" + name + " is left"});
      return;
    }
  }
  subject.judge(row, {State::held, name + " is gone"});
}

Verdict judge_program(const Subject& subject, const Seen& seen) {
  const std::optional<std::string> path = seen.fact("program");
  if (!path || !seen.fact("program_is_there")) {
    return seen.stopped_early();
  }
  const bool held =
      *path == subject.spec.command.path_inside && seen.fact("program_is_there") == "1";
  return {held ? State::held : State::broken, *path};
}

struct InsideRows {
  std::vector<std::size_t> facts;
  std::vector<std::size_t> namespaces;
  std::size_t not_root = 0;
  std::size_t host_id = 0;
  std::size_t groups = 0;
  std::size_t program = 0;
  std::size_t processes = 0;
  std::size_t read_only = 0;
  std::size_t no_set_id = 0;
  std::size_t removed = 0;
};

InsideRows add_rows(Report& report) {
  InsideRows rows;
  for (const FactRow& row : fact_rows) {
    rows.facts.push_back(report.add(row.group, row.promise, row.attempt));
    if (std::string_view(row.key) == "umask") {
      rows.not_root = report.add("Rights", "is not root", "getuid(2), /proc/PID/status");
      rows.host_id = report.add("Rights", "a host id that owns nothing", "/proc/PID/status");
      rows.groups = report.add("Rights", "no supplementary group", "/proc/PID/status");
      rows.no_set_id = report.add("Rights", "no set-user-ID files", "options of all mounts");
      for (const char* const name : namespaces) {
        rows.namespaces.push_back(report.add("Namespaces",
                                             fmt::format("a {} namespace of its own", name),
                                             fmt::format("/proc/PID/ns/{}", name)));
      }
    }
  }
  rows.program = report.add("Files", "its program is at a stable path", "/proc/self/exe");
  rows.read_only = report.add("Files", "every mount is read-only", "options of all mounts");
  rows.processes = report.add("Processes", "no other process to be seen", "a list of /proc");
  rows.removed = report.add("Processes", "no control group is left", "looks where it was");
  return rows;
}

void judge_all(const Subject& subject, const InsideRows& rows, const Seen& seen,
               const Facts& facts) {
  for (std::size_t i = 0; i < fact_rows.size(); ++i) {
    const FactRow& row = fact_rows.at(i);
    Verdict verdict = judge_fact(seen, row.key, row.expected, of(facts, row.key));
    if (verdict.state == State::held && row.shown != nullptr) {
      verdict.outcome.replace(0, std::strlen(row.expected), row.shown);
    }
    subject.judge(rows.facts[i], verdict);
  }
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    subject.judge(rows.namespaces[i], judge_namespace(subject, facts, namespaces.at(i)));
  }
  subject.judge(rows.program, judge_program(subject, seen));
  subject.judge(rows.not_root, judge_ids(seen, facts));
  subject.judge(rows.host_id, judge_host_id(subject, facts));
  subject.judge(rows.groups, judge_groups(subject, facts));
  subject.judge(rows.no_set_id, judge_mounts(subject, facts, "nosuid"));
  subject.judge(rows.read_only, judge_mounts(subject, facts, "ro"));
  const std::string others = seen.fact("other_processes").value_or("");
  const bool alone = others == "0" || others == "1";
  subject.judge(rows.processes,
                others.empty() ? seen.stopped_early()
                               : Verdict{alone ? State::held : State::broken,
                                         others + " others (the guard of the run may be one)"});
}

}  // namespace

void try_inside(Subject& subject) {
  const auto rows = std::make_shared<const InsideRows>(add_rows(subject.report));
  const auto facts = std::make_shared<Facts>();
  Job job;
  job.probe = {"look", "stay"};
  job.goes_on = true;
  job.ready = [&subject, facts](std::size_t id, pid_t supervisor, const Seen& so_far) {
    *facts = facts_of_program(supervisor, so_far.fact("pid").value_or(""));
    subject.runner.stop(id);
  };
  job.done = [&subject, rows, facts](const Seen& seen) {
    judge_all(subject, *rows, seen, *facts);
    judge_removed_group(subject, rows->removed, *facts);
  };
  subject.runner.add(std::move(job));
}

}  // namespace sb::selftest
