// What comes from inside, as one who got hold of init would send it: packets through a real socket,
// reports through a real pipe, then the judge. No descriptor stays, no word out of turn passes.
#include <array>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/json_check.h"
#include "fuzz/packets.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "launch/packets.h"
#include "launch/stages.h"
#include "result/json.h"
#include "supervise/decide.h"
#include "supervise/heard.h"

#undef CHECK

namespace sbfuzz {
namespace {

using sb::inside::ControlKind;
using sb::inside::ControlMsg;
using sb::launch::Received;
using sb::supervise::Observations;

constexpr std::uint64_t created_ns = 1'000'000'000;
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::size_t most_packets = 32;

// The lowest number that is free: higher after than before where something stayed open.
int lowest_free() {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  HOLDS(fd >= 0);
  ::close(fd);
  return fd;
}

// What the supervisor has heard so far, told apart from Heard by hand.
struct Conversation {
  sb::supervise::Heard heard{created_ns};
  std::uint64_t now_ns = created_ns;
  int starts = 0;
  int ends = 0;
  int settlements = 0;
  ControlKind asked = ControlKind::go;
  std::uint64_t asked_ns = 0;
  Observations seen;
};

void expect_time(std::uint64_t when_ns, std::uint64_t first_ns, std::uint64_t last_ns) {
  HOLDS(when_ns >= first_ns - sb::supervise::clock_skew_ns);
  HOLDS(when_ns <= last_ns + sb::supervise::clock_skew_ns);
}

void expect_turn(Conversation& talk, const ControlMsg& message, bool with_descriptor) {
  HOLDS(with_descriptor == (message.kind == ControlKind::started));
  switch (message.kind) {
    case ControlKind::started:
      HOLDS(++talk.starts == 1);
      return;
    case ControlKind::failed:
      HOLDS(message.arg > 0 && sb::supervise::report_in(message).err > 0);
      HOLDS(sb::supervise::report_in(message).stage == message.values[0]);
      HOLDS(sb::supervise::report_in(message).index == message.values[1]);
      return;
    case ControlKind::exited:
      HOLDS(talk.starts == 1 && ++talk.ends == 1);
      expect_time(message.values[0], created_ns, talk.now_ns);
      talk.seen.main_status = sb::sys::WaitStatus(static_cast<int>(message.arg));
      talk.seen.ended_ns = message.values[0];
      HOLDS(talk.seen.main_status->exit_code() || talk.seen.main_status->fatal_signal());
      return;
    case ControlKind::ended:
      expect_turn(talk, sb::supervise::exited_in(message), false);
      return expect_turn(talk, sb::supervise::settled_in(message), false);
    case ControlKind::settled:
      HOLDS(talk.ends == 1 && ++talk.settlements == 1);
      talk.seen.usage.user_ns = message.values[0];
      talk.seen.usage.cpu_ns = message.values[0] + message.values[1];
      HOLDS(*talk.seen.usage.cpu_ns >= message.values[1]);
      talk.seen.max_rss_bytes = message.values[2] * 1024;
      HOLDS(*talk.seen.max_rss_bytes / 1024 == message.values[2]);
      return;
    case ControlKind::frozen:
    case ControlKind::thawed:
      HOLDS(talk.asked ==
            (message.kind == ControlKind::frozen ? ControlKind::freeze : ControlKind::thaw));
      expect_time(message.values[0], talk.asked_ns, talk.now_ns);
      talk.asked = ControlKind::go;
      return;
    default:
      HOLDS_FOR(false, "init never says this");
  }
}

// One packet, as input has it or nearly as init sends it. False: the conversation is over.
bool exchange(Input& input, int ours, int theirs, Conversation& talk) {
  talk.now_ns += input.number(4);
  const std::size_t shape = input.choose(8);
  const std::size_t descriptors = shape < 4 ? shape : 0;
  ControlMsg message{};
  message.kind = static_cast<ControlKind>(1 + input.choose(16));
  message.arg = static_cast<std::uint32_t>(input.number(2));
  message.values[0] = shape == 3 ? input.number() : talk.now_ns - input.number(2);
  message.values[1] = input.number(shape == 4 ? 8 : 4);
  message.values[2] = input.number(shape == 5 ? 8 : 4);
  // Safety: a packet is its bytes.
  std::string bytes(reinterpret_cast<const char*>(&message), sizeof message);
  if (shape == 6) {
    bytes = input.take(input.choose(64));
  } else if (shape == 7) {
    talk.asked = input.flip() ? ControlKind::freeze : ControlKind::thaw;
    talk.asked_ns = talk.now_ns;
    talk.heard.asked(talk.asked, talk.now_ns);
  }
  HOLDS(send_packet(
      theirs, bytes,
      message.kind == ControlKind::started && shape > 4 ? sb::inside::started_fds : descriptors));
  const sb::Result<std::optional<Received>> received =
      sb::launch::receive_packet(sb::sys::FdRef(ours));
  if (!received) {
    expect_clear(received.error());
    HOLDS(bytes.size() != sizeof message || descriptors != 0);
    return false;
  }
  HOLDS(received->has_value() && bytes.size() == sizeof message);
  const ControlMsg& heard = (*received)->message;
  HOLDS(std::memcmp(&heard, bytes.data(), sizeof heard) == 0);
  const bool with_descriptor = (*received)->pidfd.valid();
  const sb::Result<sb::Done> accepted = talk.heard.accept(heard, with_descriptor, talk.now_ns);
  if (!accepted) {
    expect_clear(accepted.error());
    HOLDS(accepted.error().tag() == sb::Tag::launch_protocol);
    return false;
  }
  expect_turn(talk, heard, with_descriptor);
  return true;
}

void expect_verdict(Conversation& talk, std::uint64_t limit_ns) {
  sb::policy::Spec spec;
  spec.limits.wall_time_ns = limit_ns;
  talk.seen.created_ns = created_ns;
  talk.seen.executed = talk.starts > 0;
  talk.seen.exec_ns = created_ns + 10;
  const bool ended = talk.ends > 0;
  const std::uint64_t ended_ns = talk.seen.ended_ns;
  const sb::result::Outcome outcome = sb::supervise::decide(spec, std::move(talk.seen));
  HOLDS(ended || outcome.status == sb::result::Status::error);
  HOLDS(outcome.time.wall_ns <= ended_ns);
  HOLDS((outcome.status == sb::result::Status::wall_time_limit) ==
        (ended && outcome.time.wall_ns > limit_ns));
  std::string json;
  HOLDS(sb::result::write_json(
            outcome,
            [&json](std::string_view part) -> sb::Result<sb::Done> {
              json += part;
              return sb::Done{};
            },
            false)
            .has_value());
  HOLDS_FOR(is_json(json), json);
}

void expect_report(std::string_view bytes) {
  std::array<int, 2> ends{};
  HOLDS(::pipe2(ends.data(), O_CLOEXEC) == 0);
  HOLDS(::write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  ::close(ends[1]);
  const sb::policy::Spec spec;
  const sb::launch::PlanBuilder builder;
  // Limit: a pipe of fixed size; each report takes its part of it.
  for (;;) {
    const auto report = sb::launch::read_report(sb::sys::FdRef(ends[0]));
    if (!report || !*report) {
      HOLDS(report || report.error().tag() == sb::Tag::launch_protocol);
      break;
    }
    HOLDS(!sb::supervise::announces_filter(**report) || (*report)->err == 0);
    if ((*report)->stage == static_cast<std::uint16_t>(sb::inside::Stage::chdir)) {
      continue;  // names the plan's directory, and this plan has none
    }
    const sb::Error error = sb::launch::stage_error(spec, builder, **report);
    expect_clear(error);
    const bool ours = (*report)->magic == sb::inside::report_magic &&
                      (*report)->stage < sb::inside::stage_count && (*report)->err >= 0;
    HOLDS(ours || error.tag() == sb::Tag::launch_protocol);
  }
  ::close(ends[0]);
}

}  // namespace

void fuzz_control(std::string_view bytes) {
  const int before = lowest_free();
  {
    std::array<int, 2> ends{};
    HOLDS(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const sb::sys::Fd ours(ends[0]);
    const sb::sys::Fd theirs(ends[1]);
    Input input(bytes);
    const std::string_view report = input.take(input.choose(40));
    const std::uint64_t limit_ns = input.number(1) * second_ns / 16;
    Conversation talk;
    for (std::size_t i = 0; i < most_packets && !input.empty(); ++i) {
      if (!exchange(input, ours.number(), theirs.number(), talk)) {
        break;
      }
    }
    expect_verdict(talk, limit_ns);
    expect_report(report);
  }
  HOLDS(lowest_free() == before);
}

}  // namespace sbfuzz
