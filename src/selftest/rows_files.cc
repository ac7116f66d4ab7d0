// What a program sees and can change of files: the root, its own directories, /proc and /sys.
#include <array>
#include <memory>

#include <fmt/core.h>

#include "base/split.h"
#include "selftest/subject.h"
#include "sys/files.h"

namespace sb::selftest {
namespace {

struct FactRow {
  const char* promise;
  const char* attempt;
  const char* key;
  const char* expected;
};

constexpr std::array fact_rows = {
    FactRow{"the root is read-only", "makes files in 23 places", "made_in", ""},
    FactRow{"/dev has what it is to have", "lists it", "devices",
            "fd full null random shm stderr stdin stdout tty urandom zero"},
    FactRow{"/etc/passwd is a generated one", "reads it", "users", "root sandbox nobody"},
    FactRow{"/etc/group is a generated one", "reads it", "user_groups", "root sandbox nogroup"},
    FactRow{"/etc/hosts is a generated one", "reads it", "hosts", "127.0.0.1 ::1"},
    FactRow{"no resolver", "/etc/resolv.conf", "resolver", "ENOENT"},
    FactRow{"nothing of the host's but programs", "secrets, homes, logs, the caller's directory",
            "seen", ""},
};

// A directory of the caller's that is not to be seen; none where it is a part of the root.
Words hidden_paths() {
  Words paths = {"/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/machine-id", "/root",
                 "/home",       "/var/log",     "/var/lib", "/run/systemd",    "/boot",
                 "/srv",        "/mnt",         "/media",   "/sys/kernel",     "/sys/fs/cgroup"};
  const std::string own = sys::real_path(".").value_or("/");
  if (own != "/" && own != "/tmp" && own != "/workspace" && !own.starts_with("/usr") &&
      !own.starts_with("/etc") && !own.starts_with("/proc") && !own.starts_with("/dev")) {
    paths.push_back(own);
  }
  return paths;
}

// Names that a directory has before the program runs and that are no trace of another run: what is
// mounted there, and the program itself.
bool is_made_by_us(const Subject& subject, const std::string& path) {
  const policy::Files& files = subject.spec.files;
  const auto lies_at = [&path](const std::string& target) {
    return target == path || target.starts_with(path + "/");
  };
  bool made = lies_at(subject.spec.command.path_inside);
  for (const std::string& directory : files.tmpfs) {
    made = made || lies_at(directory);
  }
  for (const policy::HostMount& mount : files.mounts) {
    made = made || lies_at(mount.target);
  }
  return made;
}

Verdict judge_private(const Subject& subject, const Seen& seen, const std::string& directory) {
  if (const std::optional<Verdict> nothing = seen.did_not_run()) {
    return *nothing;
  }
  const std::optional<std::string> before = seen.fact("before " + directory);
  const std::optional<std::string> write = seen.fact("write " + directory);
  if (!before || !write) {
    return seen.stopped_early();
  }
  for (const std::string& name : split(*before, ' ')) {
    if (!is_made_by_us(subject, fmt::format("{}/{}", directory, name))) {
      return {State::broken, fmt::format("before the program ran, it had {}", *before)};
    }
  }
  if (*write != "ok") {
    return {State::not_provided, fmt::format("empty; the profile lets nobody write: {}", *write)};
  }
  return {State::held, "was empty, can be written"};
}

Verdict judge_programs(const Seen& seen) {
  if (const std::optional<Verdict> nothing = seen.did_not_run()) {
    return *nothing;
  }
  const std::optional<std::string> opened = seen.fact("programs_opened");
  if (!opened) {
    return seen.stopped_early();
  }
  return {*opened == "0" ? State::held : State::broken,
          fmt::format("{} of {} were opened for writing", *opened,
                      seen.fact("programs_found").value_or("?"))};
}

struct FileRows {
  std::vector<std::size_t> facts;
  std::vector<std::size_t> directories;
  std::size_t vanish = 0;
  std::size_t programs = 0;
};

constexpr std::array directories = {"/tmp", "/workspace", "/dev/shm"};

void judge_files(const Subject& subject, const FileRows& rows, const Seen& seen) {
  for (std::size_t i = 0; i < fact_rows.size(); ++i) {
    const FactRow& row = fact_rows.at(i);
    subject.judge(rows.facts[i], judge_fact(seen, row.key, row.expected));
  }
  for (std::size_t i = 0; i < directories.size(); ++i) {
    subject.judge(rows.directories[i], judge_private(subject, seen, directories.at(i)));
  }
  subject.judge(rows.programs, judge_programs(seen));
}

Verdict judge_vanish(const Subject& subject, const Seen& seen) {
  for (const char* const directory : directories) {
    Verdict verdict = judge_private(subject, seen, directory);
    if (verdict.state != State::held) {
      return verdict;
    }
  }
  return {State::held, "the next run found none of it"};
}

void judge_proc(const Subject& subject, std::size_t secrets, std::size_t settings,
                const Seen& seen) {
  subject.judge(secrets, judge_fact(seen, "seen", ""));
  subject.judge(settings, judge_fact(seen, "opened", ""));
}

}  // namespace

void try_files(Subject& subject) {
  auto rows = std::make_shared<FileRows>();
  Report& report = subject.report;
  for (const FactRow& row : fact_rows) {
    rows->facts.push_back(report.add("Files", row.promise, row.attempt));
  }
  for (const char* const directory : directories) {
    rows->directories.push_back(
        report.add("Files", fmt::format("{} is private and empty", directory), "lists and writes"));
  }
  const std::size_t changed =
      report.add("Files", "nothing of it can be changed", "chmod, unlink, rename");
  rows->vanish = report.add("Files", "what it wrote vanishes", "a second run looks for it");
  rows->programs =
      report.add("Files", "no program can be overwritten", "/proc/PID/exe and handles of it");
  subject.programs_row = rows->programs;
  const std::size_t secrets =
      report.add("Proc and sys", "they tell nothing of the host", "reads 20 files");
  const std::size_t settings =
      report.add("Proc and sys", "no setting can be written", "opens 27 for writing");
  Words probe = {"files"};
  for (const std::string& path : hidden_paths()) {
    probe.push_back(path);
  }
  subject.runner.add(
      {.probe = {"change"}, .goes_on = true, .done = [&subject, changed](const Seen& seen) {
         subject.judge(changed, judge_fact(seen, "changed", ""));
       }});
  subject.runner.add(
      {.probe = probe, .goes_on = true, .done = [&subject, rows, probe](const Seen& seen) {
         judge_files(subject, *rows, seen);
         subject.runner.add(
             {.probe = probe, .goes_on = true, .done = [&subject, rows](const Seen& next) {
                subject.judge(rows->vanish, judge_vanish(subject, next));
              }});
       }});
  subject.runner.add({.probe = {"process_files",        "/proc/kcore",       "/proc/kmsg",
                                "/proc/keys",           "/proc/timer_list",  "/proc/sched_debug",
                                "/proc/kpagecount",     "/proc/kpageflags",  "/proc/kpagecgroup",
                                "/proc/acpi",           "/proc/scsi",        "/proc/asound",
                                "/proc/latency_stats",  "/proc/vmallocinfo", "/proc/slabinfo",
                                "/proc/bootconfig",     "/sys/firmware",     "/sys/kernel/debug",
                                "/sys/kernel/security", "/sys/power",        "/sys/fs/cgroup"},
                      .goes_on = true,
                      .done = [&subject, secrets, settings](const Seen& seen) {
                        judge_proc(subject, secrets, settings, seen);
                      }});
}

}  // namespace sb::selftest
