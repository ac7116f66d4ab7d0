// Runs the built `sandbox` as a caller would, and checks after every run that nothing is left.
// Must not include the product: these tests know its outside only.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document.h"

namespace sbtest {

using Words = std::vector<std::string>;

struct Options {
  std::string input;                            // written to stdin, which is then closed
  bool keep_input_open = false;                 // stdin stays open and silent after `input`
  std::map<std::string, std::string> env = {};  // on top of PATH and HOME alone
  std::string binary;                           // empty: the one under test, where it was built
  std::string directory;                        // empty: a fresh one, removed afterwards
  std::function<void()> in_child;               // runs between fork and exec
  std::vector<std::pair<int, int>> fds = {};    // {number in the sandbox process, ours}
  double timeout_s = 30;                        // times slow(); a run that takes longer fails
  bool reads_output = true;                     // false: nobody reads stdout and stderr
  bool needs_host = true;                       // false: also where root or cgroups are missing
  bool killed = false;                          // the test kills the supervisor: no strict check
};

struct Run {
  Words command;
  int exit_status = -1;  // 128 + N where the supervisor died of signal N
  bool timed_out = false;
  std::string out;
  std::string err;
  Document document;  // absent where stdout held none
  double elapsed_s = 0;
  long max_rss_kib = 0;  // of the supervisor; also counts what it waited for

  std::string describe() const;
  std::string stdout_bytes() const { return document.bytes("stdout"); }
};

// A supervisor that runs. The destructor ends it.
class Running {
 public:
  Running(const Words& arguments, const Options& options = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  pid_t pid() const { return pid_; }
  // Reads until the supervisor's stdout contains `marker`; fails the test at the deadline.
  void wait_for_output(std::string_view marker);
  // Its descendants, by /proc.
  std::vector<pid_t> descendants() const;
  void send_signal(int number) const;
  // Waits for its end, checks that nothing is left, stores the document.
  Run finish();

 private:
  void pump_once(int timeout_ms);
  bool time_is_up() const;
  void drain();

  Options options_;
  Run run_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  int stdin_ = -1;
  int stdout_ = -1;
  int stderr_ = -1;
  std::size_t written_ = 0;
  double started_ = 0;
  std::string own_directory_;
  std::string mounts_before_;
  std::vector<std::string> files_before_;
  std::vector<std::string> temp_files_before_;
};

// argv after the binary's name, as given: {"run", "--memory", "64M", "--", ...}
Run run_sandbox(const Words& arguments, const Options& options = {});
// run OPTIONS -- COMMAND
Run run_target(const Words& sandbox_options, const Words& command, const Options& options = {});

// The arguments of `run --pass`, which writes its document to `result`.
Words passed_run(const std::string& result, const Words& sandbox_options, const Words& command);

// --- expectations -------------------------------------------------------------------------------
void expect_status(const Run& run, std::string_view status, int exit_status);
void expect_ok(const Run& run);
void expect_exited(const Run& run, int code);
void expect_signal(const Run& run, int number);
// Stopped by this limit, and the document says so everywhere it should.
void expect_limit(const Run& run, std::string_view status, std::string_view limit, int exit_status);
// Refused before anything ran: exit status 2, one line on stderr that holds every one of `parts`.
void expect_usage_error(const Run& run, const Words& parts);
// The most processes at a time; not known, and null, where Linux is older than 6.1.
void expect_peak_of_processes(const Run& run, long long least, long long most);
// `true` runs well now.
void expect_true_runs();

// --- the machine --------------------------------------------------------------------------------
std::string binary();
std::string probe(std::string_view name);
double slow();
double monotonic_s();
// Skips the test (exit 77) where the host lacks "root", "cgroup" (of any version), "cgroup1",
// "cgroup2", "own_cgroup2" (delegated to this user), "userns", "own_clock" (a machine whose time of
// day is the tests' to set: SBTEST_OWN_CLOCK), "owner mapping" (of TempDirectory's), a limit as its
// option is called ("cpu-time"; SBTEST_OFF names those that are lacking) or a program; fails it
// instead where SBTEST_REQUIRE names the word.
void require(std::string_view what);
// In a child of root's: an ordinary user from here on, who owns nothing and is in no group.
void become_nobody();
// In a child: in this group of v1 from here on; by its own task, as the product joins.
void join_group(const std::string& directory);
bool host_has(std::string_view what);

// A directory of the test's own, removed with it.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string write(std::string_view name, std::string_view content, unsigned mode = 0644) const;

 private:
  std::string path_;
};
// A copy of the binary that an ordinary user can start there; who that is in_child says.
Options in_reach_of_users(const TempDirectory& directory);

std::string read_file(const std::string& path);
// The value after "KEY=" or "KEY:\t" on a line of its own; nullopt where no line has it.
std::optional<std::string> value_of(std::string_view text, std::string_view key);
std::vector<std::string> lines_of(std::string_view text);
bool contains(std::string_view text, std::string_view part);

}  // namespace sbtest
