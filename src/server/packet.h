// Packet: what the server and its workers tell each other, with the descriptors that go with it.
// Must not be seen by clients: they speak JSON lines (message.h).
//
//   server                       worker
//     │ ── job{text, fds} ────────▶ │ runs it
//     │ ◀─ answer{text, status} ─── │
//     │ ── passed_on ─────────────▶ │ removes what the run had, may prepare the next sandbox
//     │ ◀─ idle ─────────────────── │
//     │ ── (end) ─────────────────▶ ╳
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sys/fd.h"

namespace sb::server {

enum class PacketKind : std::uint32_t { job = 1, answer, passed_on, idle };

struct Packet {
  PacketKind kind = PacketKind::job;
  std::uint32_t status = 0;    // of an answer: result::Status, or answered_error
  std::uint64_t number = 0;    // of the job
  std::uint64_t setup_ns = 0;  // of an answer: 0 where nothing ran
  std::uint32_t flags = 0;     // has_events, was_warm
  std::string text;
  std::vector<sys::Fd> fds;  // with a long text's, at most sys::most_passed_fds
};

inline constexpr std::uint32_t answered_error = 0xffffffff;  // nothing could be started
inline constexpr std::uint32_t has_events = 1;  // of a job: its second descriptor takes the events
inline constexpr std::uint32_t was_warm = 2;    // of an answer: the sandbox was there already
inline constexpr std::uint32_t is_parked = 4;   // of idle: the next one waits

struct Channel {
  sys::Fd ours;
  sys::Fd theirs;
};
Result<Channel> make_channel();

// A long text goes as a file in memory. Errors: serve.worker.
Result<Done> send(sys::FdRef channel, const Packet& packet);

// The next one; waits for it where `wait`. nullopt: none now, or, where it waits, the end.
// Errors: serve.worker, also at the end where it does not wait.
Result<std::optional<Packet>> receive(sys::FdRef channel, bool wait);

}  // namespace sb::server
