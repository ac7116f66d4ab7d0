// The server's part in its clients: what they ask, what they are answered, how they leave.
#include <fmt/core.h>

#include "policy/request_document.h"
#include "server/job.h"
#include "server/server.h"
#include "sys/process.h"

namespace sb::server {
namespace {

// Limit: of answers and events that a client has not taken; beyond it nothing more is read from it
// and its programs' output waits, as it would for any slow reader.
constexpr std::size_t most_pending = 4 << 20;
// Limit: of a client's requests that wait, in bytes.
constexpr std::size_t most_waiting = 64 << 20;

// How long a client may take nothing of what it was told, once the server is to end.
constexpr std::uint64_t taker_patience_ns = 10'000'000'000;

std::string quoted(const std::optional<std::string>& id) {
  const std::string line = event_line(id, "0");
  // {"id":ID,"event":0}
  constexpr std::string_view before = R"({"id":)";
  constexpr std::string_view after = ",\"event\":0}\n";
  return line.substr(before.size(), line.size() - before.size() - after.size());
}

}  // namespace

Result<std::uint64_t> Server::add_client(sys::Fd in, sys::Fd out) {
  const std::uint64_t number = ++last_number_;
  Client::Hooks hooks{
      .on_line = [this, number](std::string_view line) { on_line(number, line); },
      .on_long_line =
          [this, number] {
            refuse(number, {},
                   Error(Tag::request_syntax, fmt::format("request: a request has at most {} bytes",
                                                          policy::longest_request)));
          },
      .on_end = [] {},
      .on_gone = [] {}};
  auto client = std::make_unique<Client>(*loop_, std::move(in), std::move(out), std::move(hooks));
  CHECK(client->start());
  guests_.emplace(number, Guest{.client = std::move(client)});
  return number;
}

void Server::put(std::uint64_t client, std::string_view line) {
  const auto guest = guests_.find(client);
  if (guest != guests_.end()) {
    guest->second.told += line.size();
    guest->second.client->put(line);
    pace(client, guest->second);
  }
}

void Server::refuse(std::uint64_t client, const std::optional<std::string>& id,
                    const Error& error) {
  stats_.on_error();
  put(client, error_line(id, error));
}

void Server::on_line(std::uint64_t number, std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
    return;  // Why: an empty line asks for nothing.
  }
  Result<Message> message = read_message(line);
  if (!message) {
    refuse(number, id_of(line), message.error());
  } else if (message->op == Op::run) {
    on_request(number, line, *std::move(message));
  } else {
    answer_op(number, *message);
  }
}

void Server::on_request(std::uint64_t number, std::string_view line, Message message) {
  Guest& guest = guests_.at(number);
  Job job{.client = number,
          .id = message.id,
          .line = std::string(line),
          .fds = guest.client->take_descriptors(message.descriptors),
          .alike = message.alike,
          .wants_events = message.wants_events};
  if (ending_) {
    refuse(number, message.id, Error(Tag::serve_ending, "taking a request"));
    return;
  }
  if (message.id && find_job(number, *message.id)) {
    refuse(number, message.id,
           Error(Tag::request_value, "request: id: an earlier request of this id is not answered"));
    return;
  }
  const std::uint64_t job_number = ++last_number_;
  // Why: what starts at once does not wait.
  const bool at_once = waiting_.size() == 0 && can_start_one() && !guest.is_slow;
  if (!waiting_.add(number, job_number, at_once ? 1 : 0)) {
    stats_.on_refusal();
    put(number,
        error_line(message.id, Error(Tag::serve_busy, fmt::format("taking a request while {} wait",
                                                                  settings_.queue))));
    return;
  }
  ++guest.jobs;
  guest.waiting_bytes += job.line.size();
  jobs_.emplace(job_number, std::move(job));
  pace(number, guest);
  dispatch();
}

void Server::answer_op(std::uint64_t number, const Message& message) {
  const auto answer = [&](std::string_view key, std::string_view value) {
    put(number, fmt::format("{{\"id\":{},\"{}\":{}}}\n", quoted(message.id), key, value));
  };
  if (message.op == Op::ping) {
    answer("pong", fmt::format("{{\"version\":\"{}\"}}", SANDBOX_VERSION));
    return;
  }
  if (message.op == Op::stats) {
    std::string text = stats_.to_json(now());
    text.pop_back();
    answer("stats", text);
    return;
  }
  const std::optional<std::uint64_t> job = find_job(number, *message.id);
  if (message.op == Op::cancel) {
    answer("cancel", job ? "true" : "false");
    if (job) {
      cancel(*job, jobs_.at(*job), false);
    }
    return;
  }
  const bool runs = job && jobs_.at(*job).signals.valid();
  answer("signal", runs ? "true" : "false");
  if (runs) {
    signal(jobs_.at(*job), message.signal);
  }
}

// What a client may still send and be told, by what it has not taken yet.
void Server::pace(std::uint64_t number, Guest& guest) {
  const bool slow = guest.client->pending() > most_pending && !guest.client->is_gone();
  guest.client->hold(slow || guest.waiting_bytes > most_waiting);
  if (slow != guest.is_slow) {
    guest.is_slow = slow;
    hold_events(number, slow);
  }
}

// Why: a client that takes nothing must not keep a server from ending, nor what it has running.
void Server::drop_the_stuck() {
  const std::uint64_t now_ns = sys::monotonic_ns();
  for (auto& [number, guest] : guests_) {
    const std::uint64_t taken = guest.told - guest.client->pending();
    if (guest.client->pending() == 0 || taken != guest.taken || guest.taken_ns == 0) {
      guest.taken = taken;
      guest.taken_ns = now_ns;
    } else if (now_ns - guest.taken_ns >= taker_patience_ns) {
      guest.client->drop();
    }
  }
}

void Server::drop_leavers() {
  for (auto at = guests_.begin(); at != guests_.end();) {
    Guest& guest = at->second;
    const Client& client = *guest.client;
    const std::uint64_t number = at->first;
    if (client.is_gone()) {
      std::vector<std::uint64_t> of_client;
      for (const auto& [job_number, job] : jobs_) {
        if (job.client == number) {
          of_client.push_back(job_number);
        }
      }
      for (const std::uint64_t job_number : of_client) {
        cancel(job_number, jobs_.at(job_number), true);
      }
      hold_events(number, false);
      at = guests_.erase(at);
    } else if (client.has_ended() && guest.jobs == 0 && client.pending() == 0) {
      at = guests_.erase(at);
    } else {
      pace(number, guest);
      ++at;
    }
  }
}

}  // namespace sb::server
