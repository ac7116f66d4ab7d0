// The server's life: what it listens to, signals, the tick, its end.
#include "server/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/split.h"
#include "server/job.h"
#include "server/notify.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::server {
namespace {

constexpr std::uint64_t tick_s = 1;
constexpr std::uint64_t metrics_ns = 5'000'000'000;
// Limit: connections at one time.
constexpr std::size_t most_clients = 256;
constexpr mode_t metrics_mode = 0644;

Result<sys::Fd> duplicate(sys::FdRef fd) {
  sys::Fd copy(::fcntl(fd.number(), F_DUPFD_CLOEXEC, 3));
  return copy.valid() ? Result<sys::Fd>(std::move(copy))
                      : Error(Tag::serve_listen, "duplicating a descriptor", errno);
}

std::uint64_t resident_bytes(const std::string& process) {
  const std::vector<std::string> words =
      split(sys::read_file(fmt::format("/proc/{}/statm", process), 256).data, ' ');
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return words.size() > 1 ? std::strtoull(words[1].c_str(), nullptr, 10) * pages : 0;
}

}  // namespace

Server::Server(const Settings& settings, sys::FdRef signals)
    : settings_(settings),
      signals_(signals),
      started_ns_(sys::monotonic_ns()),
      waiting_(settings.queue) {}

// Why in two steps: all end at the same time, not one after the other.
Server::~Server() {
  for (auto& [number, hand] : hands_) {
    hand.worker.dismiss();
  }
}

Result<Done> Server::serve() {
  loop_.emplace(TRY(supervise::EventLoop::create()));
  CHECK(open());
  notify(settings_.notify_socket, "READY=1");
  while (!is_over()) {
    CHECK(loop_->run_once());
    drop_leavers();
    dispatch();
  }
  notify(settings_.notify_socket, "STOPPING=1");
  write_metrics();
  return Done{};
}

Result<Done> Server::open() {
  timer_ = sys::Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec every{};
  every.it_interval.tv_sec = every.it_value.tv_sec = tick_s;
  if (!timer_.valid() || ::timerfd_settime(timer_.number(), 0, &every, nullptr) != 0) {
    return Error(Tag::supervise_loop, "making a timer", errno);
  }
  CHECK(loop_->add(timer_.ref(), EPOLLIN, [this](std::uint32_t) { on_tick(); }));
  CHECK(loop_->add(signals_, EPOLLIN, [this](std::uint32_t) { on_signals(); }));
  if (settings_.stdio) {
    sys::Fd in = TRY(duplicate(sys::FdRef(STDIN_FILENO)));
    sys::Fd out = TRY(duplicate(sys::FdRef(STDOUT_FILENO)));
    CHECK(add_client(std::move(in), std::move(out)));
    return Done{};
  }
  for (sys::Fd& socket : take_passed_sockets(settings_.passed_sockets)) {
    CHECK(listen_on(Listening(std::move(socket))));
  }
  if (listening_.empty() && settings_.socket.empty()) {
    return Error(Tag::usage, "serve: --stdio or --socket PATH says where requests come from");
  }
  if (listening_.empty()) {
    Listening own = TRY(Listening::at(settings_.socket));
    CHECK(listen_on(std::move(own)));
  }
  return Done{};
}

Result<Done> Server::listen_on(Listening listening) {
  const std::size_t index = listening_.size();
  CHECK(
      loop_->add(listening.ref(), EPOLLIN, [this, index](std::uint32_t) { on_connection(index); }));
  listening_.push_back(std::move(listening));
  return Done{};
}

void Server::on_connection(std::size_t listening) {
  sys::Fd in = listening_.at(listening).accept();
  if (!in.valid()) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      loop_->change(listening_.at(listening).ref(), 0);  // Why: until the next tick.
    }
    return;
  }
  std::string refusal;
  if (!may_ask(in.ref())) {
    refusal =
        error_line({}, Error(Tag::serve_listen, "accepting another user's connection", EACCES));
  } else if (guests_.size() >= most_clients) {
    refusal = error_line(
        {},
        Error(Tag::serve_busy, fmt::format("accepting more than {} connections", most_clients)));
  }
  if (!refusal.empty()) {
    stats_.on_refusal();
    (void)!::write(in.number(), refusal.data(), refusal.size());
    return;
  }
  Result<sys::Fd> out = duplicate(in.ref());
  if (out) {
    (void)add_client(std::move(in), *std::move(out));
  }
}

void Server::on_signals() {
  for (const int number : sys::read_signals(signals_)) {
    if (number == SIGHUP) {
      notify(settings_.notify_socket,
             fmt::format("RELOADING=1\nMONOTONIC_USEC={}", sys::monotonic_ns() / 1000));
      retire_all();
      notify(settings_.notify_socket, "READY=1");
    } else if (number == SIGTERM || number == SIGINT || number == SIGQUIT) {
      if (ending_) {
        cancel_all();
      }
      ending_ = true;
      for (const Listening& listening : listening_) {
        loop_->change(listening.ref(), 0);
      }
    }
  }
}

void Server::cancel_all() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, job] : jobs_) {
    numbers.push_back(number);
  }
  for (const std::uint64_t number : numbers) {
    cancel(number, jobs_.at(number), false);
  }
}

// Why: what a profile says is read when a sandbox is made; those that wait were made before.
void Server::retire_all() {
  for (auto at = hands_.begin(); at != hands_.end();) {
    at->second.retired = true;
    if (at->second.state == WorkerState::idle) {
      loop_->remove(at->second.worker.channel());
      at = hands_.erase(at);
    } else {
      ++at;
    }
  }
}

void Server::on_tick() {
  std::uint64_t expirations = 0;
  (void)!::read(timer_.number(), &expirations, sizeof expirations);
  const std::uint64_t now_ns = sys::monotonic_ns();
  for (const auto& [number, job] : jobs_) {
    if (job.killed_by_ns != 0 && now_ns >= job.killed_by_ns && job.worker) {
      hands_.at(*job.worker).worker.kill();
    }
  }
  for (const Listening& listening : listening_) {
    loop_->change(listening.ref(), ending_ ? 0U : std::uint32_t{EPOLLIN});
  }
  if (ending_) {
    drop_the_stuck();
  }
  if (settings_.watchdog_ns != 0) {
    notify(settings_.notify_socket, "WATCHDOG=1");
  }
  if (now_ns >= next_metrics_ns_) {
    next_metrics_ns_ = now_ns + metrics_ns;
    write_metrics();
  }
}

bool Server::is_over() const {
  if (ending_ && jobs_.empty()) {
    // Why: an answer that was given must also be taken, unless nobody is there.
    return std::all_of(guests_.begin(), guests_.end(),
                       [](const auto& guest) { return guest.second.client->pending() == 0; });
  }
  return settings_.stdio && guests_.empty();
}

Now Server::now() const {
  Now now{.uptime_ns = sys::monotonic_ns() - started_ns_,
          .clients = guests_.size(),
          .queued = waiting_.size(),
          .running = running_,
          .workers = hands_.size(),
          .memory_bytes = resident_bytes("self")};
  for (const auto& [number, hand] : hands_) {
    now.clearing += hand.state == WorkerState::clearing ? 1 : 0;
    now.warm += hand.parked ? 1 : 0;
    now.memory_bytes += resident_bytes(std::to_string(hand.worker.pid()));
  }
  return now;
}

// A reader sees the old figures or the new ones, never a part.
void Server::write_metrics() {
  if (settings_.metrics.empty()) {
    return;
  }
  const std::string temporary = settings_.metrics + ".tmp";
  const sys::OpenResult file =
      sys::open_path(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, metrics_mode);
  int err = file.err;
  err = err == 0 ? sys::write_all(file.fd.ref(), stats_.to_prometheus(now())) : err;
  if (err == 0 && ::rename(temporary.c_str(), settings_.metrics.c_str()) != 0) {
    err = errno;
  }
  if (err != 0) {
    log_debug(
        Error(Tag::io_result, fmt::format("writing \"{}\"", settings_.metrics), err).to_line());
  }
}

}  // namespace sb::server
