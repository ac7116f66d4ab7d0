// Each limit, tried by a program that wants more, and judged by the result document; and that what
// a program leaves behind ends with its run.
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include <sys/wait.h>

#include "policy/resolve.h"
#include "selftest/subject.h"

namespace sb::selftest {
namespace {

constexpr long long mib = 1 << 20;

long long number_of(const std::string& text) {
  return text.empty() ? -1 : std::strtoll(text.c_str(), nullptr, 10);
}

std::optional<Verdict> no_file(const Seen& seen) {
  const std::optional<std::string> refusal = seen.fact("no_file");
  return refusal ? std::optional(
                       Verdict{State::not_provided,
                               fmt::format("the profile lets nobody write a file: {}", *refusal)})
                 : std::nullopt;
}

// Stopped by the limit, and the document says by what.
Verdict judge_stop(const Seen& seen, const std::string& status) {
  if (seen.status() == status) {
    return {State::held,
            fmt::format("{}, by {}", seen.text("reason"), seen.text("cause.mechanism"))};
  }
  if (seen.status() == "syscall_violation") {
    return seen.stopped_early();
  }
  if (const std::optional<Verdict> verdict = no_file(seen)) {
    return *verdict;
  }
  return {State::broken, fmt::format("ended as {}, not as {}", seen.status(), status)};
}

// The limit's part is over once this many were had.
Verdict judge_count(const Seen& seen, const std::string& key, long long least, long long most,
                    const std::string& refusal) {
  if (const std::optional<Verdict> verdict = no_file(seen)) {
    return *verdict;
  }
  const std::optional<std::string> got = seen.fact(key);
  if (!got) {
    return seen.stopped_early();
  }
  const long long count = number_of(*got);
  const bool held = count >= least && count <= most && seen.fact("refused") == refusal;
  return {held ? State::held : State::broken,
          fmt::format("got {}, then {}", *got, seen.fact("refused").value_or("no refusal"))};
}

Verdict judge_files(const Seen& seen) { return judge_count(seen, "open", 24, 24, "EMFILE"); }
Verdict judge_disk(const Seen& seen) { return judge_count(seen, "written", 1, 4 * mib, "ENOSPC"); }
Verdict judge_processes(const Seen& seen) { return judge_count(seen, "made", 1, 15, "EAGAIN"); }

Verdict judge_stack(const Seen& seen) {
  if (!seen.fact("descending")) {
    return seen.stopped_early();
  }
  return {seen.fact("depth") ? State::broken : State::held, seen.text("reason")};
}

struct LimitRow {
  const char* promise;
  const char* attempt;
  const char* what;    // of the probe
  const char* option;  // of the limit under test, which the host may not provide
  const char* value;
  const char* status;  // of the run that is stopped; nullptr: `judge` says
  Verdict (*judge)(const Seen&) = nullptr;
};

constexpr std::array limit_rows = {
    LimitRow{"wall time", "waits for ever; 300 ms", "wall_time", "--wall-time", "300ms",
             "wall_time_limit"},
    LimitRow{"CPU time", "spins in a daemon; 300 ms", "cpu_time", "--cpu-time", "300ms",
             "cpu_time_limit"},
    LimitRow{"memory", "touches 1 GiB; 64 MiB", "memory", "--memory", "64M", "memory_limit"},
    LimitRow{"output", "writes 64 MiB; 64 KiB", "output", "--output", "64K", "output_limit"},
    LimitRow{"file size", "a file of 16 MiB; 1 MiB", "file_size", "--file-size", "1M",
             "file_size_limit"},
    LimitRow{"disk", "a file of 64 MiB; 4 MiB", "disk", "--disk", "4M", nullptr, judge_disk},
    LimitRow{"open files", "4,096; 24", "open_files", "--open-files", "24", nullptr, judge_files},
    LimitRow{"stack", "32 MiB deep; 4 MiB", "stack", "--stack", "4M", nullptr, judge_stack},
    LimitRow{"processes", "forks 4,096; 16", "processes", "--processes", "16", nullptr,
             judge_processes},
};

// Why not found out by a run: what a host can't enforce is refused before anything is made.
std::optional<Verdict> not_enforced(const Subject& subject, const LimitRow& row) {
  policy::Request request = subject.request;
  std::string key = std::string("limits.") + (row.option + 2);
  std::replace(key.begin(), key.end(), '-', '_');
  request.overrides.push_back({.key = key, .text = row.value, .option = row.option});
  const Result<policy::Spec> spec = policy::resolve(request, subject.host);
  if (spec) {
    return std::nullopt;
  }
  return Verdict{State::not_provided, spec.error().message(),
                 std::string(info(spec.error().tag()).name)};
}

void try_limit(Subject& subject, const LimitRow& row) {
  const std::size_t place = subject.report.add("Limits", row.promise, row.attempt);
  if (const std::optional<Verdict> verdict = not_enforced(subject, row)) {
    subject.judge(place, *verdict);
    return;
  }
  Words options = {row.option, row.value};
  if (std::string_view(row.what) == "disk") {
    options.insert(options.end(), {"--file-size", "none"});
  }
  subject.runner.add({.options = options,
                      .probe = {"use_up", row.what},
                      .done = [&subject, &row, place](const Seen& seen) {
                        if (const std::optional<Verdict> nothing = seen.did_not_run()) {
                          subject.judge(place, *nothing);
                        } else {
                          subject.judge(place, row.judge != nullptr ? row.judge(seen)
                                                                    : judge_stop(seen, row.status));
                        }
                      }});
}

// Why a subreaper (selftest.cc): whatever outlives its run becomes our child.
bool a_process_is_left() {
  siginfo_t info{};
  while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0) {
    if (info.si_pid == 0) {
      return true;
    }
    info = {};
  }
  return false;
}

void try_bomb(Subject& subject) {
  const std::size_t row = subject.report.add("Limits", "a bomb of daemons ends with its run",
                                             "forks, setsid, stops; 32");
  const LimitRow processes{"", "", "", "--processes", "32", nullptr};
  if (const std::optional<Verdict> verdict = not_enforced(subject, processes)) {
    subject.judge(row, *verdict);
    return;
  }
  subject.runner.add({.options = {"--processes", "32", "--wall-time", "500ms"},
                      .probe = {"use_up", "bomb"},
                      .done = [&subject, row](const Seen& seen) {
                        const std::optional<Verdict> nothing = seen.did_not_run();
                        Verdict verdict = nothing.value_or(judge_stop(seen, "wall_time_limit"));
                        if (verdict.state == State::held) {
                          verdict.outcome = fmt::format("{} at most, {} forks refused",
                                                        seen.text("processes.peak"),
                                                        seen.text("processes.limit_hits"));
                        }
                        subject.judge(row, verdict);
                      }});
}

}  // namespace

void try_limits(Subject& subject) {
  for (const LimitRow& row : limit_rows) {
    try_limit(subject, row);
  }
  try_bomb(subject);
  subject.left_row =
      subject.report.add("Processes", "no process is left of any run", "looks once all have ended");
}

void judge_what_is_left(Subject& subject) {
  const bool left = a_process_is_left();
  subject.judge(subject.left_row,
                {left ? State::broken : State::held, left ? "there is one" : "none"});
}

}  // namespace sb::selftest
