// Server: clients' requests, each handed to a worker, each answered once; `sandbox serve`.
// Must not run anything itself, nor read more of a request than where it goes.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "server/client.h"
#include "server/listening.h"
#include "server/message.h"
#include "server/settings.h"
#include "server/stats.h"
#include "server/waiting.h"
#include "server/worker.h"
#include "supervise/event_loop.h"

namespace sb::server {

// Why: not movable: callbacks of the loop refer to it.
class Server {
 public:
  // `signals`: the signalfd of sys::take_signals().
  Server(const Settings& settings, sys::FdRef signals);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Until the only client has had all its answers (--stdio), or a signal to end, and all that was
  // asked for is answered. Errors: serve.listen, supervise.loop.
  Result<Done> serve();

 private:
  struct Job {
    std::uint64_t client = 0;
    std::optional<std::string> id;
    std::string line;          // the request as it came; empty once a worker has it
    std::vector<sys::Fd> fds;  // that came with it
    std::size_t alike = 0;
    bool wants_events = false;
    std::optional<std::uint64_t> worker;  // where it runs
    sys::Fd signals;                      // its worker reads from this
    sys::Fd events;                       // its worker writes to this
    bool events_held = false;             // until its client has taken what it was told
    std::string event;                    // what came of the next line
    std::string answer;                   // held until the last event has been told
    std::uint64_t killed_by_ns = 0;       // cancelled: when its worker is killed; 0: not
  };
  enum class WorkerState { idle, busy, clearing };
  struct Hand {  // a worker as the server knows it
    Worker worker;
    WorkerState state = WorkerState::idle;
    std::uint64_t job = 0;  // where it is busy
    std::size_t alike = 0;  // what its last job was like
    bool parked = false;    // an unused sandbox for such a one waits in it
    bool retired = false;   // ends after its job
  };
  struct Guest {  // a client as the server knows it
    std::unique_ptr<Client> client;
    std::size_t jobs = 0;           // not answered yet
    std::size_t waiting_bytes = 0;  // of its lines that no worker has yet
    bool is_slow = false;           // has not taken what it was told
    std::uint64_t told = 0;         // bytes in all
    std::uint64_t taken = 0;        // of them at the last change
    std::uint64_t taken_ns = 0;     // when that was
  };

  // clients
  Result<Done> open();
  Result<Done> listen_on(Listening listening);
  void on_connection(std::size_t listening);
  Result<std::uint64_t> add_client(sys::Fd in, sys::Fd out);
  void on_line(std::uint64_t number, std::string_view line);
  void on_request(std::uint64_t number, std::string_view line, Message message);
  void answer_op(std::uint64_t number, const Message& message);
  void put(std::uint64_t client, std::string_view line);
  void refuse(std::uint64_t client, const std::optional<std::string>& id, const Error& error);
  void drop_leavers();
  void pace(std::uint64_t number, Guest& guest);
  void hold_events(std::uint64_t client, bool held);
  void drop_the_stuck();

  // jobs
  void dispatch();
  bool can_start_one() const;
  Result<std::uint64_t> free_hand(const Job& job);
  Result<Done> give(std::uint64_t number, Job& job, std::uint64_t hand_number, Hand& hand);
  void on_channel(std::uint64_t hand);
  void on_answer(Hand& hand, Packet answer);
  void on_hand_end(std::uint64_t number);
  void on_events(std::uint64_t job);
  void finish(std::uint64_t job);
  void signal(Job& job, int number);
  void cancel(std::uint64_t number, Job& job, bool at_once);
  std::optional<std::uint64_t> find_job(std::uint64_t client, const std::string& id) const;

  // life
  void on_signals();
  void on_tick();
  void cancel_all();
  void retire_all();
  bool is_over() const;
  Now now() const;
  void write_metrics();

  const Settings& settings_;
  sys::FdRef signals_;
  std::uint64_t started_ns_;
  std::optional<supervise::EventLoop> loop_;
  sys::Fd timer_;
  std::vector<Listening> listening_;
  std::uint64_t last_number_ = 0;  // of clients, jobs and workers
  std::map<std::uint64_t, Guest> guests_;
  std::map<std::uint64_t, Job> jobs_;
  std::map<std::uint64_t, Hand> hands_;
  Waiting waiting_;
  Stats stats_;
  std::size_t running_ = 0;
  bool ending_ = false;
  std::uint64_t next_metrics_ns_ = 0;
};

}  // namespace sb::server
