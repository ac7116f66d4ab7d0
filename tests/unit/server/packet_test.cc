#include "server/packet.h"

#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using namespace sb::server;

namespace {

Channel channel() {
  Result<Channel> made = make_channel();
  REQUIRE(made);
  return *std::move(made);
}

Packet passed(Packet packet) {
  const Channel ends = channel();
  REQUIRE(send(ends.ours.ref(), packet));
  Result<std::optional<Packet>> got = receive(ends.theirs.ref(), true);
  REQUIRE(got);
  REQUIRE(*got);
  return **std::move(got);
}

ino_t inode(const sys::Fd& fd) {
  struct ::stat status {};
  REQUIRE(::fstat(fd.number(), &status) == 0);
  return status.st_ino;
}

sys::Fd a_pipe_end() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  ::close(ends[1]);
  return sys::Fd(ends[0]);
}

int count_of_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("serve packet: all of it arrives") {
  const Packet got = passed({.kind = PacketKind::answer,
                             .status = 3,
                             .number = 1ULL << 40,
                             .setup_ns = 12345,
                             .flags = was_warm,
                             .text = std::string("a\0b\n", 4)});
  CHECK(got.kind == PacketKind::answer);
  CHECK(got.status == 3);
  CHECK(got.number == 1ULL << 40);
  CHECK(got.setup_ns == 12345);
  CHECK(got.flags == was_warm);
  CHECK(got.text == std::string("a\0b\n", 4));
  CHECK(got.fds.empty());
}

// Red: send a long text inline, too.
TEST_CASE("serve packet: a text of any length arrives") {
  for (const std::size_t size : {0UL, 1UL, 65535UL, 65536UL, 65537UL, 5UL << 20}) {
    CAPTURE(size);
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; i += 997) {
      text[i] = static_cast<char>(i);
    }
    const Packet got = passed({.text = text});
    CHECK((got.text == text));
    CHECK(got.fds.empty());
  }
}

// Red: count the file of a long text among the descriptors.
TEST_CASE("serve packet: descriptors arrive in order closed on exec also beside a long text") {
  for (const std::size_t size : {10UL, 100'000UL}) {
    CAPTURE(size);
    Packet packet{.text = std::string(size, 't')};
    std::vector<ino_t> inodes;
    for (std::size_t i = 0; i < 12; ++i) {
      packet.fds.push_back(a_pipe_end());
      inodes.push_back(inode(packet.fds.back()));
    }
    const Packet got = passed(std::move(packet));
    CHECK(got.text.size() == size);
    REQUIRE(got.fds.size() == inodes.size());
    for (std::size_t i = 0; i < inodes.size(); ++i) {
      CHECK(inode(got.fds[i]) == inodes[i]);
      CHECK((::fcntl(got.fds[i].number(), F_GETFD) & FD_CLOEXEC) != 0);
    }
  }
}

TEST_CASE("serve packet: none yet and the end") {
  Channel ends = channel();
  const Result<std::optional<Packet>> none = receive(ends.theirs.ref(), false);
  REQUIRE(none);
  CHECK_FALSE(*none);
  REQUIRE(send(ends.ours.ref(), {.number = 1}));
  ends.ours.reset();
  // What was sent before the end is still there.
  const Result<std::optional<Packet>> last = receive(ends.theirs.ref(), true);
  REQUIRE(last);
  REQUIRE(*last);
  CHECK((*last)->number == 1);
  const Result<std::optional<Packet>> end = receive(ends.theirs.ref(), true);
  REQUIRE(end);
  CHECK_FALSE(*end);
  const Result<std::optional<Packet>> gone = receive(ends.theirs.ref(), false);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().tag() == Tag::serve_worker);
  const Result<Done> sent = send(ends.theirs.ref(), {});
  REQUIRE_FALSE(sent);
  CHECK(sent.error().tag() == Tag::serve_worker);
}

// Red: take the descriptors only of a packet that is whole.
TEST_CASE("serve packet: what is no packet is an error and leaves no descriptor open") {
  const Channel ends = channel();
  const int before = count_of_descriptors();
  const std::string longer_than_any(70'000, 'x');
  for (const std::string& bytes : {std::string("short"), longer_than_any}) {
    const sys::Fd passed = a_pipe_end();
    std::string data = bytes;
    iovec part{data.data(), data.size()};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    *reinterpret_cast<int*>(CMSG_DATA(header)) = passed.number();
    REQUIRE(::sendmsg(ends.ours.number(), &message, 0) == static_cast<ssize_t>(bytes.size()));
    const Result<std::optional<Packet>> got = receive(ends.theirs.ref(), true);
    REQUIRE_FALSE(got);
    CHECK(got.error().tag() == Tag::serve_worker);
  }
  CHECK(count_of_descriptors() == before);
}
