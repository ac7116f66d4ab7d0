#include "supervise/event_stream.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "result/utf8_pieces.h"

namespace {

using namespace sb;
using namespace sb::supervise;
using result::Utf8Pieces;

std::vector<std::string> pieces_of(const std::vector<std::string>& parts) {
  Utf8Pieces pieces;
  std::vector<std::string> taken;
  const Utf8Pieces::Take take = [&](std::string_view piece) { taken.emplace_back(piece); };
  for (const std::string& part : parts) {
    pieces.add(part, take);
  }
  pieces.finish(take);
  return taken;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("event stream: a UTF-8 sequence is never split between pieces") {
  CHECK(pieces_of({"plain", "text"}) == Strings{"plain", "text"});
  CHECK(pieces_of({"a\xC3", "\xA4z"}) == Strings{"a", "\xC3\xA4z"});
  CHECK(pieces_of({"\xE2", "\x82", "\xAC"}) == Strings{"\xE2\x82\xAC"});
  CHECK(pieces_of({"x\xF0\x9F", "\x98\x80"}) == Strings{"x", "\xF0\x9F\x98\x80"});
  CHECK(pieces_of({"\xC3\xA4", "b"}) == Strings{"\xC3\xA4", "b"});
}

TEST_CASE("event stream: bytes that are no text are not held") {
  CHECK(pieces_of({"\xFF", "\x80\x80\x80\x80", "a"}) == Strings{"\xFF", "\x80\x80\x80\x80", "a"});
  CHECK(pieces_of({"cut \xE2\x82"}) == Strings{"cut ", "\xE2\x82"});
  CHECK(pieces_of({"\xC3", "\xC3", "x"}) == Strings{"\xC3", "\xC3x"});
  CHECK(pieces_of({}) == Strings{});
}

TEST_CASE("event stream: a reader that does not read fills it and then loses what may be lost") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const sys::Fd reader(ends[0]);
  const sys::Fd writer(ends[1]);
  EventLoop loop = *EventLoop::create();
  int changes = 0;
  EventStream events(loop, writer.ref(), [&] { ++changes; });
  REQUIRE(events.start());
  const std::string line = std::string(1000, 'x') + "\n";
  std::size_t added = 0;
  while (!events.is_full()) {
    events.add(line);
    ++added;
  }
  CHECK(added > 100);
  CHECK_FALSE(events.is_drained());
  for (int i = 0; i < 2000; ++i) {
    events.add_or_drop(line);
  }
  CHECK(events.dropped() > 0);
  CHECK(events.dropped() < 2000);
  std::string arrived;
  char block[65'536];
  const std::size_t expected = (added + 2000 - events.dropped()) * line.size();
  while (arrived.size() < expected) {
    const ssize_t got = ::read(reader.number(), block, sizeof block);
    REQUIRE(got > 0);
    arrived.append(block, static_cast<std::size_t>(got));
    if (!events.is_drained()) {
      REQUIRE(loop.run_once());
    }
  }
  CHECK(events.is_drained());
  CHECK(changes > 0);
  CHECK(arrived.find_first_not_of("x\n") == std::string::npos);
}

TEST_CASE("event stream: a reader that left is no error and takes all") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  ::close(ends[0]);
  const sys::Fd writer(ends[1]);
  EventLoop loop = *EventLoop::create();
  int changes = 0;
  EventStream events(loop, writer.ref(), [&] { ++changes; });
  REQUIRE(events.start());
  REQUIRE(loop.run_once());
  CHECK(changes == 1);
  CHECK(events.err() == 0);
  events.add("lost\n");
  CHECK(events.is_drained());
  CHECK_FALSE(events.is_full());
}
