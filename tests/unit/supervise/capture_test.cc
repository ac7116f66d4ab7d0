#include "supervise/capture.h"

#include <algorithm>
#include <csignal>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/files.h"

namespace {

using namespace sb;
using namespace sb::supervise;

struct Pipe {
  sys::Fd read_end;
  sys::Fd write_end;
};

Pipe make_pipe() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  return {sys::Fd(ends[0]), sys::Fd(ends[1])};
}

// A stream with both of its ends here, fed and read in turns.
struct Stream {
  EventLoop loop;
  sys::Fd feed;
  int limits_passed = 0;
  int error = 0;
  Capture capture;

  Stream(std::optional<std::uint64_t> limit, sys::FdRef sink = {})
      : Stream(*EventLoop::create(), make_pipe(), limit, sink) {}

  Stream(EventLoop&& made, Pipe pipe, std::optional<std::uint64_t> limit, sys::FdRef sink)
      : loop(std::move(made)),
        feed(std::move(pipe.write_end)),
        capture(loop, std::move(pipe.read_end), sink, limit,
                {.on_limit = [this] { ++limits_passed; },
                 .on_error = [this](int err) { error = err; }}) {
    REQUIRE(capture.start());
  }

  // Nothing of it is lost: the loop runs whenever the pipe is full.
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(feed.number(), bytes.data(), bytes.size());
      if (put > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(put));
      } else {
        REQUIRE(errno == EAGAIN);
        REQUIRE(loop.run_once());
      }
    }
  }

  StreamFacts finish() {
    feed.reset();
    while (!capture.finished()) {
      REQUIRE(loop.run_once());
    }
    return capture.take_facts();
  }
};

std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 4711;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

sys::Fd memory_file() { return sys::Fd(::memfd_create("sink", MFD_CLOEXEC)); }

std::string content_of(const sys::Fd& file) {
  std::string content;
  char block[65'536];
  for (;;) {
    const ssize_t got =
        ::pread(file.number(), block, sizeof block, static_cast<off_t>(content.size()));
    if (got <= 0) {
      return content;
    }
    content.append(block, static_cast<std::size_t>(got));
  }
}

}  // namespace

TEST_CASE("capture: keeps every byte") {
  for (const std::size_t size : {0UL, 1UL, 65'536UL, 65'537UL, 3'000'000UL}) {
    const std::string bytes = noise(size);
    Stream stream(std::nullopt);
    stream.write(bytes);
    const StreamFacts facts = stream.finish();
    CHECK(facts.captured);
    CHECK(facts.bytes == size);
    CHECK((facts.data.view() == bytes));
    CHECK_FALSE(facts.over_limit);
  }
}

TEST_CASE("capture: the limit is exact and passed by one byte more") {
  for (const std::size_t limit : {0UL, 1UL, 4096UL, 65'536UL, 100'000UL}) {
    const std::string bytes = noise(limit + 1);
    Stream exact(limit);
    exact.write(std::string_view(bytes).substr(0, limit));
    const StreamFacts all = exact.finish();
    CHECK((all.data.view() == std::string_view(bytes).substr(0, limit)));
    CHECK_FALSE(all.over_limit);
    CHECK(exact.limits_passed == 0);

    Stream beyond(limit);
    beyond.write(bytes);
    const StreamFacts first = beyond.finish();
    CHECK((first.data.view() == std::string_view(bytes).substr(0, limit)));
    CHECK(first.bytes == limit + 1);
    CHECK(first.over_limit);
    CHECK(beyond.limits_passed == 1);
  }
}

TEST_CASE("capture: what is beyond the limit is counted and dropped") {
  Stream stream(10);
  stream.write(std::string(1'000'000, 'x'));
  const StreamFacts facts = stream.finish();
  CHECK(facts.data.size() == 10);
  CHECK(facts.bytes == 1'000'000);
  CHECK(stream.limits_passed == 1);
}

TEST_CASE("capture: into a file up to the limit") {
  for (const std::size_t limit : {0UL, 1UL, 70'000UL, 5'000'000UL}) {
    const std::string bytes = noise(3'000'000);
    const sys::Fd file = memory_file();
    Stream stream(limit, file.ref());
    stream.write(bytes);
    const StreamFacts facts = stream.finish();
    CHECK_FALSE(facts.captured);
    CHECK(facts.data.empty());
    CHECK(facts.bytes == bytes.size());
    CHECK(facts.over_limit == (limit < bytes.size()));
    CHECK((content_of(file) == bytes.substr(0, limit)));
  }
}

TEST_CASE("capture: into a file from where it stands and to the end of one opened to append") {
  for (const int flag : {0, O_APPEND}) {
    const sys::Fd file = memory_file();
    REQUIRE(::write(file.number(), "before", 6) == 6);
    REQUIRE(::fcntl(file.number(), F_SETFL, flag) == 0);
    Stream stream(std::nullopt, file.ref());
    stream.write("after");
    (void)stream.finish();
    CHECK(content_of(file) == "beforeafter");
  }
}

TEST_CASE("capture: a file that takes no more is an error") {
  const sys::OpenResult full = sys::open_path("/dev/full", O_WRONLY);
  REQUIRE(full.err == 0);
  Stream stream(std::nullopt, full.fd.ref());
  stream.write("x");
  (void)stream.finish();
  CHECK(stream.error == ENOSPC);
}

TEST_CASE("capture: through a slow pipe nothing is lost and little is held") {
  const std::string bytes = noise(1'000'000);
  Pipe slow = make_pipe();
  Stream stream(std::nullopt, slow.write_end.ref());
  std::string arrived;
  std::string_view left = bytes;
  char block[1000];
  while (arrived.size() < bytes.size()) {
    const ssize_t put = ::write(stream.feed.number(), left.data(), left.size());
    left.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
    const ssize_t got = ::read(slow.read_end.number(), block, sizeof block);
    if (got > 0) {
      arrived.append(block, static_cast<std::size_t>(got));
    } else {
      REQUIRE(stream.loop.run_once());
    }
  }
  CHECK((arrived == bytes));
  CHECK(stream.finish().bytes == bytes.size());
}

TEST_CASE("capture: a reader that goes away ends the stream without an error") {
  Pipe sink = make_pipe();
  Stream stream(std::nullopt, sink.write_end.ref());
  stream.write("first");
  REQUIRE(stream.loop.run_once());
  sink.read_end.reset();
  while (!stream.capture.finished()) {
    REQUIRE(stream.loop.run_once());
  }
  CHECK(stream.error == 0);
  // Why: the supervisor ignores it, too; this program does not care.
  (void)::signal(SIGPIPE, SIG_IGN);
  CHECK(::write(stream.feed.number(), "x", 1) == -1);
  CHECK(errno == EPIPE);
}
