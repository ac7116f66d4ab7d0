#include "supervise/heard.h"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/packets.h"
#include "launch/packets.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

namespace {

using namespace sb;
using inside::ControlKind;
using inside::ControlMsg;
using inside::Stage;
using supervise::Heard;

constexpr std::uint64_t created_ns = 1'000'000'000;
constexpr std::uint64_t now_ns = 9'000'000'000;
constexpr std::uint64_t early_ns = supervise::clock_skew_ns + 1;  // or late: by too much

ControlMsg message(ControlKind kind, std::uint32_t arg = 0, std::uint64_t value = 5'000'000'000) {
  ControlMsg made{};
  made.kind = kind;
  made.arg = arg;
  made.values[0] = value;
  return made;
}

bool takes(Heard& heard, const ControlMsg& said, bool with_descriptor = false) {
  const Result<Done> accepted = heard.accept(said, with_descriptor, now_ns);
  if (!accepted) {
    CHECK(accepted.error().tag() == Tag::launch_protocol);
  }
  return accepted.has_value();
}

Heard after_start() {
  Heard heard(created_ns);
  REQUIRE(takes(heard, message(ControlKind::started), true));
  return heard;
}

inside::Progress page_of(Stage target, std::int32_t exec_errno, std::uint64_t exec_ns) {
  inside::Progress page{};
  page.init_stage = static_cast<std::uint32_t>(Stage::confine_self);
  page.target_stage = static_cast<std::uint32_t>(target);
  page.exec_errno = exec_errno;
  page.entered_ns[static_cast<std::size_t>(Stage::exec)] = exec_ns;
  return page;
}

bool is_believed(const inside::Progress& page) {
  return supervise::read_progress(page, Stage::exec, created_ns, now_ns).has_value();
}

void send_with(int socket, std::size_t descriptors) {
  const ControlMsg said = message(ControlKind::started);
  const std::string_view bytes(reinterpret_cast<const char*>(&said), sizeof said);
  REQUIRE(sbfuzz::send_packet(socket, bytes, descriptors));
}

int lowest_free() {
  const sys::Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return fd.number();
}

}  // namespace

// Red: without `started_` in accept().
TEST_CASE("heard: each word of init has its turn") {
  Heard heard(created_ns);
  CHECK_FALSE(takes(heard, message(ControlKind::exited)));
  CHECK_FALSE(takes(heard, message(ControlKind::settled)));
  CHECK_FALSE(takes(heard, message(ControlKind::started)));  // without the target's pidfd
  CHECK(takes(heard, message(ControlKind::started), true));
  CHECK_FALSE(takes(heard, message(ControlKind::started), true));
  CHECK_FALSE(takes(heard, message(ControlKind::exited), true));
  CHECK_FALSE(takes(heard, message(ControlKind::settled)));
  CHECK(takes(heard, message(ControlKind::exited)));
  CHECK_FALSE(takes(heard, message(ControlKind::exited)));
  CHECK(takes(heard, message(ControlKind::settled, 1)));
  CHECK_FALSE(takes(heard, message(ControlKind::settled)));
  CHECK_FALSE(takes(heard, message(ControlKind::go)));
  CHECK_FALSE(takes(heard, message(static_cast<ControlKind>(77))));
}

// Red: `failed` without is_failure(): an error without a reason, of a stage that there is not.
TEST_CASE("heard: a failure of init has an errno and a stage of its own") {
  Heard heard(created_ns);
  const auto failed = [](std::uint32_t err, std::uint64_t stage, std::uint64_t index) {
    ControlMsg made = message(ControlKind::failed, err, stage);
    made.values[1] = index;
    return made;
  };
  const auto own = static_cast<std::uint64_t>(Stage::confine_self);
  CHECK_FALSE(takes(heard, failed(0, own, 0)));
  CHECK_FALSE(takes(heard, failed(4096, own, 0)));
  CHECK_FALSE(takes(heard, failed(EPERM, own + 1, 0)));
  CHECK_FALSE(takes(heard, failed(EPERM, own, 0x10000)));
  CHECK_FALSE(takes(heard, failed(EPERM, own, 0), true));
  CHECK(takes(heard, failed(EPERM, own, 3)));
  const inside::StageReport report = supervise::report_in(failed(EPERM, own, 3));
  CHECK(report.magic == inside::report_magic);
  CHECK(report.stage == own);
  CHECK(report.index == 3);
  CHECK(report.err == EPERM);
}

// Red: `ended` without accept_settled(), or without accept_exited().
TEST_CASE("heard: an end in one word is both and each is looked at") {
  Heard early(created_ns);
  CHECK_FALSE(takes(early, message(ControlKind::ended)));
  Heard heard = after_start();
  CHECK_FALSE(takes(heard, message(ControlKind::ended, 0x137f)));
  CHECK_FALSE(takes(heard, message(ControlKind::ended, 0, now_ns + early_ns)));
  CHECK(takes(heard, message(ControlKind::ended, 9)));
  CHECK_FALSE(takes(heard, message(ControlKind::ended, 9)));
  CHECK_FALSE(takes(heard, message(ControlKind::exited, 9)));
  CHECK_FALSE(takes(heard, message(ControlKind::settled, 1)));
  Heard other = after_start();
  ControlMsg usage = message(ControlKind::ended);
  usage.values[2] = ~0ULL;
  CHECK_FALSE(takes(other, usage));
}

// Red: accept_answer() without its first condition: the wall clock would stand still.
TEST_CASE("heard: the clock stops only where the supervisor asked for it") {
  Heard heard = after_start();
  CHECK_FALSE(takes(heard, message(ControlKind::frozen)));
  heard.asked(ControlKind::freeze, 4'000'000'000);
  CHECK_FALSE(takes(heard, message(ControlKind::thawed)));
  CHECK_FALSE(takes(heard, message(ControlKind::frozen, 0, 4'000'000'000 - early_ns)));
  CHECK_FALSE(takes(heard, message(ControlKind::frozen, 0, now_ns + early_ns)));
  CHECK(takes(heard, message(ControlKind::frozen, 0, 4'000'000'000)));
  CHECK_FALSE(takes(heard, message(ControlKind::frozen, 0, 4'000'000'001)));
  heard.asked(ControlKind::thaw, 6'000'000'000);
  CHECK(takes(heard, message(ControlKind::thawed, 0, 6'000'000'001)));
}

// Red: is_end() is true of every status.
TEST_CASE("heard: an end is an exit or a death at a time that can be") {
  Heard heard = after_start();
  CHECK_FALSE(takes(heard, message(ControlKind::exited, 0x137f)));  // stopped
  CHECK_FALSE(takes(heard, message(ControlKind::exited, 0xffff)));  // continued
  CHECK_FALSE(takes(heard, message(ControlKind::exited, 0, created_ns - early_ns)));
  CHECK_FALSE(takes(heard, message(ControlKind::exited, 0, now_ns + early_ns)));
  CHECK(takes(heard, message(ControlKind::exited, 9)));
  ControlMsg usage = message(ControlKind::settled);
  usage.values[1] = ~0ULL;
  CHECK_FALSE(takes(heard, usage));
}

// Red: read_progress() without its last condition: the wall clock would start in the future.
TEST_CASE("heard: the progress page is looked at before it is believed") {
  CHECK(is_believed(page_of(Stage::exec, 0, 5'000'000'000)));
  CHECK(is_believed(page_of(Stage::exec, ENOENT, 0)));
  CHECK(is_believed(page_of(Stage::rlimit, 0, 0)));
  CHECK_FALSE(is_believed(page_of(Stage::exec, 0, now_ns + early_ns)));
  CHECK_FALSE(is_believed(page_of(Stage::exec, 0, ~0ULL)));
  CHECK_FALSE(is_believed(page_of(Stage::exec, 0, created_ns - early_ns)));
  CHECK_FALSE(is_believed(page_of(Stage::exec, -1, 5'000'000'000)));
  CHECK_FALSE(is_believed(page_of(static_cast<Stage>(inside::stage_count), 0, 5'000'000'000)));
}

// Red: take_descriptors() takes a header's descriptor only where it holds exactly one.
TEST_CASE("packets: no descriptor of a hostile packet stays open") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const sys::Fd ours(ends[0]);
  const sys::Fd theirs(ends[1]);
  const int before = lowest_free();
  for (int i = 0; i < 8; ++i) {
    send_with(theirs.number(), 2);
    const auto received = launch::receive_packet(ours.ref());
    REQUIRE_FALSE(received.has_value());
    CHECK(received.error().tag() == Tag::launch_protocol);
  }
  CHECK(lowest_free() == before);
  send_with(theirs.number(), inside::started_fds);
  const auto received = launch::receive_packet(ours.ref());
  REQUIRE(received.has_value());
  CHECK((*received)->pidfd.valid());
  CHECK((*received)->root.valid());
  CHECK((*received)->scratch.valid());
}

namespace {

// Leaves the stack below as if a descriptor had been received there, at each place where the
// kernel could have put it.
[[gnu::noinline]] void leave_traces(int fd, std::size_t turn) {
  constexpr std::size_t words = 4;
  const std::array<std::uint64_t, words> received = {CMSG_LEN(sizeof fd),
                                                     (std::uint64_t{SCM_RIGHTS} << 32) | SOL_SOCKET,
                                                     static_cast<std::uint64_t>(fd), 0};
  std::array<volatile std::uint64_t, 2048> traces;  // NOLINT: filled below
  for (std::size_t i = 0; i < traces.size(); ++i) {
    traces.at(i) = received.at((i + turn) % words);
  }
}

}  // namespace

// Red: in receive_packet(), ECONNRESET is an end like any other: what was on the stack is closed.
TEST_CASE("packets: the end of init closes no descriptor of ours") {
  const sys::Fd bystander(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (std::size_t turn = 0; turn < 4; ++turn) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const sys::Fd ours(ends[0]);
    REQUIRE(sbfuzz::send_packet(ends[0], "unread", 0));
    ::close(ends[1]);
    leave_traces(bystander.number(), turn);
    const auto received = launch::receive_packet(ours.ref());
    REQUIRE_FALSE(received.has_value());
    CHECK(received.error().tag() == Tag::launch_died);
    REQUIRE(::fcntl(bystander.number(), F_GETFD) >= 0);
  }
}
