#include "selftest/runner.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/core.h>

#include "selftest/probes/probe.h"
#include "sys/files.h"

namespace sb::selftest {
namespace {

// Limit: what is kept of one run's document and output. A flood is held by the run's own limit.
constexpr std::size_t most_bytes = std::size_t{1} << 20;
// Why: no probe is as long as that; what is, is told as what it is, a run stopped by its limit.
constexpr const char* longest_run = "30s";
constexpr int longest_end_ms = 10'000;
constexpr int result_fd = 3;
constexpr int leaked_fd = 50;
constexpr int request_fd = 52;

struct Pipe {
  sys::Fd read;
  sys::Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> fds{-1, -1};
  (void)!::pipe2(fds.data(), O_CLOEXEC);  // Why: without one nothing is read, and nothing held.
  return {sys::Fd(fds[0]), sys::Fd(fds[1])};
}

std::vector<char*> pointers_to(Words& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec of a process with one thread.
[[noreturn]] void become(char* const* argv, const Pipe& shown, const Pipe& result, int leaked,
                         int terminal, int request) {
  // Why: if selftest is killed, its runs end, and with them all that is in them.
  (void)::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // Why from above: none of these numbers is overwritten before it is used.
  const int out = ::fcntl(shown.write.number(), F_DUPFD_CLOEXEC, 100);
  const int document = ::fcntl(result.write.number(), F_DUPFD_CLOEXEC, 100);
  const int secret = ::fcntl(leaked, F_DUPFD_CLOEXEC, 100);
  const int typed = ::fcntl(terminal, F_DUPFD_CLOEXEC, 100);
  const int asked = ::fcntl(request, F_DUPFD_CLOEXEC, 100);
  // NOLINTNEXTLINE(android-cloexec-dup): what it is to inherit.
  if (::dup2(out, 1) < 0 || ::dup2(out, 2) < 0 || ::dup2(document, result_fd) < 0) {
    ::_exit(125);
  }
  (void)::dup2(secret, leaked_fd);
  (void)::dup2(asked, request_fd);
  if (typed >= 0) {
    (void)::setsid();
    (void)::ioctl(typed, TIOCSCTTY, 0);
    (void)::dup2(typed, 0);
    (void)::dup2(typed, 2);
    (void)::dup2(typed, leaked_fd + 1);
  }
  sigset_t none;
  (void)::sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
  (void)::execv(argv[0], argv);
  ::_exit(125);
}

// A request that only adds to what the profile allows.
sys::Fd request_allowing(const Words& calls) {
  std::string entries;
  for (const std::string& call : calls) {
    entries +=
        fmt::format("{}{{\"name\":\"{}\",\"why\":\"selftest\"}}", entries.empty() ? "" : ",", call);
  }
  const std::string text = fmt::format("{{\"syscalls\":{{\"allow\":[{}]}}}}", entries);
  Result<sys::Fd> file = sys::sealed_memfd_of("request", text, Tag::internal);
  return file ? *std::move(file) : sys::Fd();
}

}  // namespace

struct Runner::Active {
  Job job;
  pid_t pid = -1;
  sys::Pidfd process;
  sys::Fd shown_fd;
  sys::Fd result_fd;
  std::string shown;
  std::string document;
  bool told_ready = false;
};

Runner::Runner(Words common_options, sys::FdRef signals, sys::FdRef leaked, std::size_t at_once)
    : common_options_(std::move(common_options)),
      signals_(signals),
      leaked_(leaked),
      at_once_(at_once),
      self_(sys::read_link("/proc/self/exe").value_or("/proc/self/exe")) {}

Runner::~Runner() { end_all(); }

void Runner::add(Job job) { waiting_.push_back(std::move(job)); }

void Runner::stop(std::size_t id) {
  if (const auto found = active_.find(id); found != active_.end()) {
    (void)found->second->process.send_signal(SIGTERM);
  }
}

void Runner::start(Job job) {
  Words words = {self_,         "run",       "--result", fmt::format("fd:{}", result_fd),
                 "--wall-time", longest_run, "--grace",  "0"};
  words.insert(words.end(), common_options_.begin(), common_options_.end());
  if (job.ready) {
    words.emplace_back("--pass");
  }
  sys::Fd request;
  if (!job.allowed_too.empty()) {
    request = request_allowing(job.allowed_too);
    words.insert(words.end(), {"--request", fmt::format("/proc/self/fd/{}", request_fd)});
  }
  if (job.goes_on) {
    words.insert(words.end(), {"--on-violation", "errno EPERM"});
  }
  words.insert(words.end(), {"--stdin", "null"});
  words.insert(words.end(), job.options.begin(), job.options.end());
  words.insert(words.end(), {"--", self_, probes::word});
  words.insert(words.end(), job.probe.begin(), job.probe.end());
  const std::vector<char*> argv = pointers_to(words);
  const Pipe shown = make_pipe();
  const Pipe result = make_pipe();
  auto active = std::make_unique<Active>();
  active->pid = ::fork();
  if (active->pid == 0) {
    become(argv.data(), shown, result, leaked_.number(), job.terminal, request.number());
  }
  if (active->pid < 0) {
    if (job.done) {
      job.done(Seen(125, "", "no process could be made"));
    }
    return;
  }
  active->job = std::move(job);
  // Kernel: pidfd_open since 5.3.
  active->process =
      sys::Pidfd(sys::Fd(static_cast<int>(::syscall(SYS_pidfd_open, active->pid, 0))));
  active->shown_fd = sys::Fd(::fcntl(shown.read.number(), F_DUPFD_CLOEXEC, 3));
  active->result_fd = sys::Fd(::fcntl(result.read.number(), F_DUPFD_CLOEXEC, 3));
  active_.emplace(++last_id_, std::move(active));
}

void Runner::start_next() {
  // Why not counted: a run that stays would hold up those that it waits for.
  const auto busy = static_cast<std::size_t>(std::count_if(
      active_.begin(), active_.end(), [](const auto& entry) { return !entry.second->told_ready; }));
  for (std::size_t i = busy; i < at_once_ && next_ < waiting_.size(); ++i) {
    start(std::move(waiting_[next_++]));
  }
}

// Both pipes end with the run: the program's own ends are closed before it has its result.
void Runner::read_from(Active& active) {
  for (auto* const stream : {&active.shown, &active.document}) {
    sys::Fd& fd = stream == &active.shown ? active.shown_fd : active.result_fd;
    pollfd poller{.fd = fd.number(), .events = POLLIN, .revents = 0};
    std::array<char, 65536> buffer{};
    while (fd.valid() && ::poll(&poller, 1, 0) > 0) {
      const ssize_t n = ::read(fd.number(), buffer.data(), buffer.size());
      if (n <= 0) {
        fd.reset();
      } else if (stream->size() < most_bytes) {
        stream->append(buffer.data(), static_cast<std::size_t>(n));
      }
    }
  }
}

void Runner::settle(std::size_t id) {
  Active& active = *active_.at(id);
  read_from(active);
  if (active.job.ready && !active.told_ready && interrupted_by_ == 0 &&
      active.shown.find("ready=1\n") != std::string::npos) {
    active.told_ready = true;
    active.job.ready(id, active.pid, Seen(0, "", active.shown));
  }
  if (active.shown_fd.valid() || active.result_fd.valid()) {
    return;
  }
  const std::optional<sys::WaitStatus> status = active.process.wait_nohang();
  if (!status) {
    return;
  }
  const std::unique_ptr<Active> ended = std::move(active_.at(id));
  active_.erase(id);
  if (ended->job.done && interrupted_by_ == 0) {
    const int code = status->exit_code().value_or(128 + status->fatal_signal().value_or(0));
    ended->job.done(Seen(code, ended->document, std::move(ended->shown)));
  }
}

// False: a signal asks for the end.
bool Runner::wait_for_something() {
  std::vector<pollfd> pollers = {{.fd = signals_.number(), .events = POLLIN, .revents = 0}};
  std::vector<std::size_t> ids;
  for (const auto& [id, active] : active_) {
    ids.push_back(id);
    for (const int fd :
         {active->shown_fd.number(), active->result_fd.number(), active->process.ref().number()}) {
      // Why: a process that has ended is of interest once its pipes have.
      const bool is_process = fd == active->process.ref().number();
      const bool open = active->shown_fd.valid() || active->result_fd.valid();
      pollers.push_back({.fd = is_process && open ? -1 : fd, .events = POLLIN, .revents = 0});
    }
  }
  (void)::poll(pollers.data(), pollers.size(), -1);
  for (const int number : sys::read_signals(signals_)) {
    if (sys::is_end_signal(number)) {
      interrupted_by_ = number;
      return false;
    }
  }
  for (const std::size_t id : ids) {
    settle(id);
  }
  return true;
}

void Runner::end_all() {
  for (const auto& [id, active] : active_) {
    // Why: nobody reads their results any more, and they need not wait for that.
    active->shown_fd.reset();
    active->result_fd.reset();
    (void)active->process.send_signal(SIGTERM);
  }
  for (const auto& [id, active] : active_) {
    // Why: a run without a grace time ends at once; if `sandbox run` does not, what is inside still
    // ends with it.
    if (!active->process.wait(longest_end_ms)) {
      (void)active->process.send_signal(SIGKILL);
      (void)active->process.wait(longest_end_ms);
    }
  }
  active_.clear();
}

int Runner::run_all() {
  while (interrupted_by_ == 0 && (next_ < waiting_.size() || !active_.empty())) {
    start_next();
    if (!active_.empty() && !wait_for_something()) {
      end_all();
    }
  }
  return interrupted_by_;
}

}  // namespace sb::selftest
