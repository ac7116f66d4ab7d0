#include "harness.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <set>

#include "leftovers.h"

namespace sbtest {

namespace {

std::set<pid_t>& live_supervisors() {
  static std::set<pid_t> pids;
  return pids;
}

void prepare_this_process() {
  static const bool once = [] {
    // What loses its parent becomes ours, so that nothing of a run can hide from leftovers.h.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    // A handler, not SIG_IGN: exec resets it, and `sandbox` starts with what a shell would give.
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGPIPE, &action, nullptr);
    return true;
  }();
  (void)once;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe make_pipe() {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  return {ends[0], ends[1]};
}

void close_fd(int& fd) {
  if (fd >= 0) {
    close(fd);
  }
  fd = -1;
}

// Reads what there is; closes the descriptor at its end.
void read_some(int& fd, std::string& into) {
  char block[1 << 16];
  const ssize_t n = read(fd, block, sizeof block);
  if (n > 0) {
    into.append(block, static_cast<std::size_t>(n));
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    close_fd(fd);
  }
}

std::vector<std::string> environment_of(const Options& options) {
  std::map<std::string, std::string> values = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}, {"HOME", "/root"}};
  for (const auto& [name, value] : options.env) {
    values[name] = value;
  }
  std::vector<std::string> result;
  for (const auto& [name, value] : values) {
    result.push_back(name + "=" + value);
  }
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

void store(const std::string& text) {
  static int count = 0;
  const char* folder = getenv("SANDBOX_RESULTS");
  if (folder == nullptr) {
    return;
  }
  const std::string name = std::string(folder) + "/" + std::to_string(getpid()) + "-" +
                           std::to_string(static_cast<long long>(monotonic_s() * 1e6)) + "-" +
                           std::to_string(++count) + ".json";
  std::ofstream(name) << text;
}

// What is given to `sandbox` where this host can't enforce some limits (SBTEST_OFF): those are
// switched off, and a test of one of them is skipped.
Words for_this_host(Words arguments) {
  if (getenv("SBTEST_OFF") == nullptr) {
    require("cgroup");
    if (!host_has("own_cgroup2")) {
      require("root");
    }
    return arguments;
  }
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  for (const char* limit : {"memory", "cpu-time", "processes", "cpus", "cpu-set"}) {
    if (host_has(limit)) {
      continue;
    }
    const std::string option = std::string("--") + limit;
    if (std::find(arguments.begin(), end, option) != end) {
      require(limit);
    }
  }
  if (!arguments.empty() && arguments[0] == "run") {
    for (const char* limit : {"memory", "cpu-time", "processes"}) {  // which profiles set
      if (!host_has(limit)) {
        arguments.insert(arguments.begin() + 1, {std::string("--") + limit, "none"});
      }
    }
  }
  return arguments;
}

// Other tests may run at the same time: a group of theirs is without its lock for a moment after
// it is made. What stays abandoned until the deadline is a leftover.
std::vector<std::string> lasting_abandoned_groups() {
  const double deadline = monotonic_s() + 2 * slow();
  std::vector<std::string> groups = abandoned_groups();
  while (!groups.empty() && monotonic_s() < deadline) {
    usleep(5000);
    groups = abandoned_groups();
  }
  return groups;
}

}  // namespace

double monotonic_s() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Running::Running(const Words& given, const Options& options) : options_(options) {
  const Words arguments = options.needs_host ? for_this_host(given) : given;
  prepare_this_process();
  if (options_.directory.empty()) {
    std::string name = "/tmp/sbtest.XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    own_directory_ = name;
    options_.directory = name;
  }
  mounts_before_ = mounts_of_this_process();
  files_before_ = files_below(options_.directory);
  temp_files_before_ = product_temp_files();
  std::vector<std::string> argv_strings = {options_.binary.empty() ? binary() : options_.binary};
  argv_strings.insert(argv_strings.end(), arguments.begin(), arguments.end());
  run_.command = argv_strings;
  std::vector<std::string> environment_strings = environment_of(options_);
  const std::vector<char*> argv = pointers_to(argv_strings);
  const std::vector<char*> environment = pointers_to(environment_strings);
  const Pipe input = make_pipe();
  const Pipe output = make_pipe();
  const Pipe error = make_pipe();
  started_ = monotonic_s();
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    dup2(input.read_end, 0);
    dup2(output.write_end, 1);
    dup2(error.write_end, 2);
    for (const auto& [number, ours] : options_.fds) {
      dup2(ours, number);
    }
    if (chdir(options_.directory.c_str()) != 0) {
      _exit(120);
    }
    if (options_.in_child) {
      options_.in_child();
    }
    execve(argv[0], argv.data(), environment.data());
    _exit(121);
  }
  live_supervisors().insert(pid_);
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  REQUIRE(pidfd_ >= 0);
  close(input.read_end);
  close(output.write_end);
  close(error.write_end);
  stdin_ = input.write_end;
  stdout_ = output.read_end;
  stderr_ = error.read_end;
  for (const int fd : {stdin_, stdout_, stderr_}) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
}

Running::~Running() {
  if (pid_ > 0) {
    (void)kill(pid_, SIGKILL);
    (void)waitpid(pid_, nullptr, 0);
    live_supervisors().erase(pid_);
  }
  for (int* fd : {&stdin_, &stdout_, &stderr_, &pidfd_}) {
    close_fd(*fd);
  }
  if (!own_directory_.empty()) {
    rmdir(own_directory_.c_str());
  }
}

bool Running::time_is_up() const { return monotonic_s() - started_ > options_.timeout_s * slow(); }

void Running::pump_once(int timeout_ms) {
  const bool writing = stdin_ >= 0 && written_ < options_.input.size();
  if (stdin_ >= 0 && !writing && !options_.keep_input_open) {
    close_fd(stdin_);
  }
  pollfd items[4] = {{options_.reads_output ? stdout_ : -1, POLLIN, 0},
                     {options_.reads_output ? stderr_ : -1, POLLIN, 0},
                     {writing ? stdin_ : -1, POLLOUT, 0},
                     {pidfd_, POLLIN, 0}};
  if (poll(items, 4, timeout_ms) <= 0) {
    return;
  }
  if (items[0].revents != 0) {
    read_some(stdout_, run_.out);
  }
  if (items[1].revents != 0) {
    read_some(stderr_, run_.err);
  }
  if (items[2].revents != 0) {
    const ssize_t n =
        write(stdin_, options_.input.data() + written_, options_.input.size() - written_);
    if (n > 0) {
      written_ += static_cast<std::size_t>(n);
    } else if (errno != EAGAIN && errno != EINTR) {
      close_fd(stdin_);
    }
  }
}

void Running::drain() {
  // The supervisor is gone. Whoever else held the pipes would be a leftover, so that what is in
  // them now is all.
  for (int* fd : {&stdout_, &stderr_}) {
    std::string& into = fd == &stdout_ ? run_.out : run_.err;
    for (std::size_t before = into.size() + 1; *fd >= 0 && before != into.size();) {
      before = into.size();
      read_some(*fd, into);
    }
  }
}

void Running::wait_for_output(std::string_view marker) {
  while (run_.out.find(marker) == std::string::npos) {
    INFO(run_.describe());
    pollfd over = {pidfd_, POLLIN, 0};
    REQUIRE_FALSE(time_is_up());
    REQUIRE((stdout_ >= 0 && poll(&over, 1, 0) == 0));
    pump_once(100);
  }
}

std::vector<pid_t> Running::descendants() const { return descendants_of(pid_); }

void Running::send_signal(int number) const {
  REQUIRE(syscall(SYS_pidfd_send_signal, pidfd_, number, nullptr, 0) == 0);
}

Run Running::finish() {
  pollfd over = {pidfd_, POLLIN, 0};
  while (poll(&over, 1, 0) == 0 && !run_.timed_out) {
    if (time_is_up()) {
      run_.timed_out = true;
      send_signal(SIGKILL);
    }
    pump_once(100);
  }
  int status = 0;
  rusage usage = {};
  REQUIRE(wait4(pid_, &status, 0, &usage) == pid_);
  run_.elapsed_s = monotonic_s() - started_;
  live_supervisors().erase(pid_);
  pid_ = -1;
  drain();
  run_.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run_.max_rss_kib = usage.ru_maxrss;
  if (!run_.out.empty() && run_.out[0] == '{') {
    run_.document = Document::parse(run_.out);
    if (run_.document.is_present()) {
      store(run_.out);
    }
  }
  INFO(run_.describe());
  CHECK_FALSE(run_.timed_out);
  const double deadline = monotonic_s() + 5 * slow();
  std::vector<pid_t> left = descendants_of(getpid(), live_supervisors());
  while (options_.killed && !left.empty() && monotonic_s() < deadline) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {  // init, which is ours now
    }
    usleep(1000);
    left = descendants_of(getpid(), live_supervisors());
  }
  for (const pid_t pid : left) {
    FAIL_CHECK("left behind: process " << describe_process(pid));
  }
  if (!options_.killed && live_supervisors().empty()) {
    for (const std::string& group : lasting_abandoned_groups()) {
      FAIL_CHECK("left behind: cgroup " << group);
    }
  }
  CHECK_MESSAGE(mounts_of_this_process() == mounts_before_, "left behind: mounts");
  CHECK_MESSAGE(files_below(options_.directory) == files_before_, "left behind: files");
  CHECK_MESSAGE(product_temp_files() == temp_files_before_, "left behind: temporary files");
  return run_;
}

Run run_sandbox(const Words& arguments, const Options& options) {
  return Running(arguments, options).finish();
}

Words passed_run(const std::string& result, const Words& sandbox_options, const Words& command) {
  Words words = {"run", "--pass", "--result", result};
  words.insert(words.end(), sandbox_options.begin(), sandbox_options.end());
  words.emplace_back("--");
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

Run run_target(const Words& sandbox_options, const Words& command, const Options& options) {
  Words arguments = {"run"};
  arguments.insert(arguments.end(), sandbox_options.begin(), sandbox_options.end());
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run_sandbox(arguments, options);
}

}  // namespace sbtest
