// The server's part in jobs and workers: who runs what, what came of it.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "result/outcome.h"
#include "server/job.h"
#include "server/server.h"
#include "sys/process.h"

namespace sb::server {
namespace {

// How long after the grace time a cancelled run may take to end.
constexpr std::uint64_t kill_patience_ns = 15'000'000'000;
// Limit: of one event's line; the longest has 16 KiB of output, escaped.
constexpr std::size_t longest_event = 256 << 10;

struct Pipe {
  sys::Fd read_end;
  sys::Fd write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return Error(Tag::serve_worker, "making a pipe for a worker", errno);
  }
  return Pipe{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

// Why asked: the loop may not have told yet that a worker has died.
bool has_hung_up(sys::FdRef channel) {
  pollfd item{.fd = channel.number(), .events = 0, .revents = 0};
  return ::poll(&item, 1, 0) == 1;
}

}  // namespace

std::optional<std::uint64_t> Server::find_job(std::uint64_t client, const std::string& id) const {
  const auto at = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& entry) {
    return entry.second.client == client && entry.second.id == id;
  });
  return at != jobs_.end() ? std::optional(at->first) : std::nullopt;
}

bool Server::can_start_one() const {
  // Limit: of workers; one that still clears up after its run counts.
  return running_ < settings_.jobs &&
         (hands_.size() < settings_.jobs + settings_.warm ||
          std::any_of(hands_.begin(), hands_.end(),
                      [](const auto& entry) { return entry.second.state == WorkerState::idle; }));
}

void Server::dispatch() {
  // Why not of a slow client: it would have to be told the result, too.
  const auto may_have_one = [this](std::uint64_t client) {
    const auto guest = guests_.find(client);
    return guest == guests_.end() || !guest->second.is_slow;
  };
  while (can_start_one()) {
    const std::optional<std::uint64_t> next = waiting_.take(may_have_one);
    if (!next) {
      return;
    }
    const std::uint64_t number = *next;
    Job& job = jobs_.at(number);
    const auto guest = guests_.find(job.client);
    if (guest != guests_.end()) {
      guest->second.waiting_bytes -= job.line.size();
    }
    Result<std::uint64_t> hand = free_hand(job);
    Result<Done> given = hand ? give(number, job, *hand, hands_.at(*hand)) : hand.error();
    if (!given) {
      job.answer = error_line(job.id, given.error());
      stats_.on_error();
      finish(number);
    }
  }
}

// A worker whose sandbox waits for such a job; else one with none; else a new one; else the one
// whose sandbox has waited longest.
Result<std::uint64_t> Server::free_hand(const Job& job) {
  const auto find = [this](auto fits) {
    const auto at = std::find_if(hands_.begin(), hands_.end(), [&](const auto& entry) {
      return entry.second.state == WorkerState::idle && fits(entry.second);
    });
    return at != hands_.end() ? std::optional(at->first) : std::nullopt;
  };
  std::optional<std::uint64_t> hand =
      find([&job](const Hand& h) { return h.parked && h.alike == job.alike; });
  hand = hand ? hand : find([](const Hand& h) { return !h.parked; });
  if (!hand && hands_.size() >= settings_.jobs + settings_.warm) {
    hand = find([](const Hand&) { return true; });
  }
  if (hand && has_hung_up(hands_.at(*hand).worker.channel())) {
    on_hand_end(*hand);
    return free_hand(job);
  }
  if (hand) {
    return *hand;
  }
  Worker worker = TRY(Worker::start(settings_));
  const std::uint64_t number = ++last_number_;
  CHECK(
      loop_->add(worker.channel(), EPOLLIN, [this, number](std::uint32_t) { on_channel(number); }));
  hands_.emplace(number, Hand{.worker = std::move(worker)});
  return number;
}

Result<Done> Server::give(std::uint64_t number, Job& job, std::uint64_t hand_number, Hand& hand) {
  Packet packet{.kind = PacketKind::job, .number = number};
  Pipe signals = TRY(make_pipe());
  packet.fds.push_back(std::move(signals.read_end));
  Pipe events;
  if (job.wants_events) {
    events = TRY(make_pipe());
    packet.flags |= has_events;
    packet.fds.push_back(std::move(events.write_end));
  }
  for (sys::Fd& fd : job.fds) {
    packet.fds.push_back(std::move(fd));
  }
  // Why a NUL between: neither an id nor a line that is JSON has one.
  packet.text = job.id ? "+" + *job.id : std::string();
  packet.text += '\0';
  packet.text += job.line;
  if (events.read_end.valid()) {
    // Why before it is sent: a job that a worker has must not be given up here.
    CHECK(loop_->add(events.read_end.ref(), EPOLLIN,
                     [this, number](std::uint32_t) { on_events(number); }));
  }
  if (Result<Done> sent = send(hand.worker.channel(), packet); !sent) {
    loop_->remove(events.read_end.ref());
    return sent;
  }
  job.events = std::move(events.read_end);
  job.signals = std::move(signals.write_end);
  job.fds.clear();
  std::string().swap(job.line);  // Why: an assignment would keep its memory.
  job.worker = hand_number;
  hand.state = WorkerState::busy;
  hand.job = number;
  hand.alike = job.alike;
  hand.parked = false;
  ++running_;
  return Done{};
}

void Server::on_channel(std::uint64_t number) {
  Hand& hand = hands_.at(number);
  Result<std::optional<Packet>> packet = receive(hand.worker.channel(), false);
  if (!packet) {
    on_hand_end(number);
  } else if (*packet && (*packet)->kind == PacketKind::answer && hand.state == WorkerState::busy) {
    on_answer(hand, **std::move(packet));
  } else if (*packet && (*packet)->kind == PacketKind::idle) {
    hand.state = WorkerState::idle;
    hand.parked = ((*packet)->flags & is_parked) != 0;
    if (hand.retired) {
      loop_->remove(hand.worker.channel());
      hands_.erase(number);
    }
  }
}

void Server::on_answer(Hand& hand, Packet answer) {
  const std::uint64_t number = hand.job;
  Job& job = jobs_.at(number);
  hand.state = WorkerState::clearing;
  --running_;
  if (answer.status == answered_error) {
    stats_.on_error();
  } else {
    stats_.on_result(result::name_of(static_cast<result::Status>(answer.status)), answer.setup_ns,
                     (answer.flags & was_warm) != 0);
  }
  job.worker.reset();
  job.signals.reset();
  job.answer = std::move(answer.text);
  if (!job.events.valid()) {
    finish(number);
  }
  // Why no error: a worker that has died shows when it is looked at next.
  (void)send(hand.worker.channel(), {.kind = PacketKind::passed_on, .number = number});
}

// A worker has ended that should not have: with all that ran in it (PR_SET_PDEATHSIG).
void Server::on_hand_end(std::uint64_t number) {
  Hand& hand = hands_.at(number);
  loop_->remove(hand.worker.channel());
  if (hand.state == WorkerState::busy) {
    const std::uint64_t job_number = hand.job;
    Job& job = jobs_.at(job_number);
    --running_;
    stats_.on_error();
    const char* const doing = job.killed_by_ns != 0 ? "ending a cancelled run, which took too long"
                                                    : "watching a run, whose worker died";
    job.answer = error_line(job.id, Error(Tag::serve_worker, doing));
    job.worker.reset();
    job.signals.reset();
    if (!job.events.valid()) {
      finish(job_number);
    }
  }
  hands_.erase(number);
}

void Server::on_events(std::uint64_t number) {
  Job& job = jobs_.at(number);
  std::array<char, 64 << 10> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  const ssize_t got = ::read(job.events.number(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (got <= 0) {
    loop_->remove(job.events.ref());
    job.events.reset();
    if (!job.answer.empty()) {
      finish(number);
    }
    return;
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;
       bytes.remove_prefix(end + 1)) {
    job.event += bytes.substr(0, end);
    put(job.client, event_line(job.id, job.event));
    job.event.clear();
  }
  if (job.event.size() + bytes.size() <= longest_event) {
    job.event += bytes;
  }
}

// While they are held, the pipe fills, and the worker stops reading what its program writes.
void Server::hold_events(std::uint64_t client, bool held) {
  for (auto& [number, job] : jobs_) {
    if (job.client == client && job.events.valid() && job.events_held != held) {
      job.events_held = held;
      loop_->change(job.events.ref(), held ? 0U : std::uint32_t{EPOLLIN});
    }
  }
}

void Server::finish(std::uint64_t number) {
  const Job& job = jobs_.at(number);
  put(job.client, job.answer);
  const auto guest = guests_.find(job.client);
  if (guest != guests_.end()) {
    --guest->second.jobs;
  }
  jobs_.erase(number);
}

// Why as a signalfd would tell it: what a worker watches is what `sandbox run` does.
void Server::signal(Job& job, int number) {
  signalfd_siginfo info{};
  info.ssi_signo = static_cast<std::uint32_t>(number);
  if (job.signals.valid()) {
    // Kernel: a pipe takes up to PIPE_BUF bytes in one piece; where it is full, hundreds wait.
    (void)!::write(job.signals.number(), &info, sizeof info);
  }
}

// `at_once`: nobody waits for what it would still do.
void Server::cancel(std::uint64_t number, Job& job, bool at_once) {
  if (waiting_.remove(job.client, number)) {
    const auto guest = guests_.find(job.client);
    if (guest != guests_.end()) {
      guest->second.waiting_bytes -= job.line.size();
    }
    stats_.on_error();
    job.answer = error_line(job.id, Error(Tag::serve_cancelled, "waiting for a worker"));
    finish(number);
    return;
  }
  signal(job, SIGTERM);
  if (at_once) {
    signal(job, SIGTERM);
  }
  if (job.killed_by_ns == 0) {
    job.killed_by_ns = sys::monotonic_ns() + settings_.base.grace_ns + kill_patience_ns;
  }
}

}  // namespace sb::server
