#include "server/worker.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/resolve.h"
#include "server/job.h"
#include "supervise/parked.h"
#include "supervise/prepare.h"
#include "supervise/root_archive.h"
#include "supervise/steps.h"
#include "sys/clone.h"
#include "sys/files.h"
#include "sys/memory.h"

namespace sb::server {
namespace {

constexpr int end_of_worker = 0;
constexpr int failed_worker = 1;

class Life {
 public:
  Life(sys::Fd channel, const Settings& settings)
      : channel_(std::move(channel)), settings_(settings) {}

  // Until the server has gone or has no more for us.
  Result<Done> live() {
    for (;;) {
      std::optional<Packet> packet = TRY(receive(channel_.ref(), true));
      if (!packet) {
        return Done{};
      }
      const std::uint64_t number = packet->number;
      CHECK(send(channel_.ref(), run(*std::move(packet))));
      // Why not before it is passed on: what is ended now would take the CPU that the server was
      // woken on, and who asked need not wait for it.
      if (!TRY(receive(channel_.ref(), true))) {
        return Done{};
      }
      rest();
      CHECK(send(channel_.ref(), {.kind = PacketKind::idle,
                                  .number = number,
                                  .flags = parked_ != nullptr ? is_parked : 0}));
    }
  }

 private:
  Packet run(Packet job) {
    const std::uint64_t created_ns = sys::monotonic_ns();
    Packet answer{.kind = PacketKind::answer, .status = answered_error, .number = job.number};
    const std::optional<std::string> id = id_of_job(job);
    std::vector<sys::Fd> fds = std::move(job.fds);
    if (fds.empty()) {
      answer.text = error_line(id, Error(Tag::serve_worker, "taking a job without its signals"));
      return answer;
    }
    const bool events = (job.flags & has_events) != 0 && fds.size() > 1;
    const sys::Fd signals = std::move(fds.front());
    const sys::Fd told = events ? std::move(fds[1]) : sys::Fd();
    fds.erase(fds.begin(), fds.begin() + (events ? 2 : 1));
    const Result<std::vector<policy::StepRequest>> requests =
        requests_of(text_of_job(job), fds, settings_);
    const supervise::Channels channels{signals.ref(), told.ref()};
    const Result<result::Outcome> outcome =
        requests ? run_requests(*requests, channels, created_ns, answer)
                 : Result<result::Outcome>(requests.error());
    if (!outcome) {
      answer.text = error_line(id, outcome.error());
      return answer;
    }
    answer.status = static_cast<std::uint32_t>(outcome->status);
    answer.setup_ns = outcome->time.setup_ns;
    answer.text = result_line(id, *outcome);
    return answer;
  }

  // In the sandbox that waits; nullopt where it can't be.
  std::optional<result::Outcome> run_parked(const policy::Request& request,
                                            const supervise::Channels& channels,
                                            std::uint64_t created_ns) {
    const Result<policy::Spec> spec =
        policy::resolve(request, parked_->facts(), supervise::root_unpacker(parked_->facts()));
    if (!spec || !policy::check_looks() || !parked_->fits(*spec)) {
      return std::nullopt;
    }
    std::optional<result::Outcome> outcome = parked_->run(*spec, channels, created_ns);
    if (outcome) {
      last_.emplace(*spec, parked_->facts());
    }
    return outcome;
  }

  // What `sandbox run` answers with a document; its errors are those that cost it no run.
  Result<result::Outcome> run_requests(const std::vector<policy::StepRequest>& requests,
                                       const supervise::Channels& channels,
                                       std::uint64_t created_ns, Packet& answer) {
    // Why: what waits is for one program.
    const bool alone = requests.size() == 1 && requests.front().name.empty();
    if (parked_ != nullptr) {
      std::optional<result::Outcome> outcome =
          alone ? run_parked(requests.front().request, channels, created_ns) : std::nullopt;
      if (outcome) {
        answer.flags |= was_warm;
        return *std::move(outcome);
      }
      parked_.reset();
    }
    supervise::Prepared prepared = supervise::prepare(requests);
    if (prepared.refused) {
      return supervise::is_usage(*prepared.refused) ? Result<result::Outcome>(*prepared.refused)
                                                    : outcome_of_refusal(prepared);
    }
    if (alone) {
      last_.emplace(prepared.steps.front().spec, prepared.facts);
    }
    return supervise::run_steps(std::move(prepared.steps), prepared.facts, channels, created_ns,
                                &left_);
  }

  // Removes what the last run had, and makes a sandbox for the next one like it.
  void rest() {
    left_.reset();
    parked_.reset();
    sys::give_back_memory();
    // Why: a job's input may have taken the place of stdin.
    const sys::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    (void)::dup2(null.number(), STDIN_FILENO);
    if (settings_.warm > 0 && last_) {
      parked_ = supervise::Parked::make(last_->first, last_->second);
    }
    last_.reset();
  }

  // A job's text is the id, a NUL, and the request as it came.
  static std::optional<std::string> id_of_job(const Packet& job) {
    const std::size_t end = job.text.find('\0');
    return end == 0 || end == std::string::npos ? std::nullopt
                                                : std::optional(job.text.substr(1, end - 1));
  }
  static std::string_view text_of_job(const Packet& job) {
    const std::size_t end = job.text.find('\0');
    return std::string_view(job.text).substr(end == std::string::npos ? 0 : end + 1);
  }

  sys::Fd channel_;
  const Settings& settings_;
  std::unique_ptr<supervise::Attempt> left_;  // of the last run
  std::unique_ptr<supervise::Parked> parked_;
  std::optional<std::pair<policy::Spec, policy::HostFacts>> last_;  // what was run
};

// Leaves the server's surroundings: its descriptors, its terminal, its process group.
bool settle_in(sys::FdRef channel) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || ::setsid() < 0) {
    return false;
  }
  const sys::OpenResult null = sys::open_path("/dev/null", O_RDWR);
  if (null.err != 0 || ::dup2(null.fd.number(), STDIN_FILENO) < 0 ||
      ::dup2(null.fd.number(), STDOUT_FILENO) < 0) {
    return false;
  }
  const auto own = static_cast<unsigned>(channel.number());
  return (own <= 3 || ::syscall(SYS_close_range, 3U, own - 1, 0U) == 0) &&
         ::syscall(SYS_close_range, own + 1, ~0U, 0U) == 0;
}

}  // namespace

Result<Worker> Worker::start(const Settings& settings) {
  Channel channel = TRY(make_channel());
  const pid_t server = ::getpid();
  SB_ASSERT(sys::thread_count() <= 1);
  sys::Cloned cloned = sys::clone_process(0);
  if (cloned.pid < 0) {
    return Error(Tag::serve_worker, "starting a worker", cloned.err);
  }
  if (cloned.pid == 0) {
    channel.ours.reset();
    // Why asked: the server may have died before it was told to take us with it.
    if (!settle_in(channel.theirs.ref()) || ::getppid() != server) {
      ::_exit(failed_worker);
    }
    const bool lived = static_cast<bool>(Life(std::move(channel.theirs), settings).live());
    ::_exit(lived ? end_of_worker : failed_worker);
  }
  return Worker(cloned.pid, std::move(cloned.process), std::move(channel.ours));
}

Worker::~Worker() {
  if (!process_.valid()) {
    return;
  }
  dismiss();
  constexpr int patience_ms = 10'000;
  if (!process_.wait(patience_ms)) {
    kill();
    (void)process_.wait(patience_ms);
  }
}

}  // namespace sb::server
