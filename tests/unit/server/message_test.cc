#include "server/message.h"

#include <csignal>
#include <string>

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using namespace sb::server;

namespace {

std::string failure(std::string_view line) {
  const Result<Message> message = read_message(line);
  return message ? "(read)"
                 : std::string(info(message.error().tag()).name) + ": " + message.error().message();
}

Message read(std::string_view line) {
  CAPTURE(line);
  const Result<Message> message = read_message(line);
  REQUIRE(message);
  return *message;
}

}  // namespace

TEST_CASE("serve message: operations") {
  CHECK(read(R"({"op": "ping"})").op == Op::ping);
  CHECK_FALSE(read(R"({"op": "ping"})").id);
  CHECK(read(R"({"op": "stats", "id": "s"})").op == Op::stats);
  CHECK(read(R"({"op": "stats", "id": "s"})").id == "s");
  const Message cancel = read(R"({"id": "7", "op": "cancel"})");
  CHECK(cancel.op == Op::cancel);
  CHECK(cancel.id == "7");
  const Message signal = read(R"({"op": "signal", "id": "", "signal": "SIGUSR1"})");
  CHECK(signal.op == Op::signal);
  CHECK(signal.id == "");
  CHECK(signal.signal == SIGUSR1);
  CHECK(read(R"({"op": "signal", "id": "7", "signal": "WINCH"})").signal == SIGWINCH);
}

// Red: let an op have any length.
TEST_CASE("serve message: what is no operation is one error that says why") {
  CHECK(failure(R"({"op": "canel", "id": "7"})") ==
        "request.value: request:1:8: op \"canel\": expected cancel, signal, stats or ping; did you "
        "mean "
        "\"cancel\"?");
  CHECK(failure(R"({"op": "cancel"})") ==
        "request.value: request:1:8: op: the id of a request is missing");
  CHECK(failure(R"({"op": "signal", "id": "7"})").starts_with("request.value: "));
  CHECK(failure(R"({"op": "ping", "signal": "INT"})").starts_with("request.value: "));
  CHECK(failure(R"({"op": "signal", "id": "7", "signal": "KILL"})").starts_with("request.value: "));
  CHECK(failure(R"({"op": "signal", "id": "7", "signal": 9})") ==
        "request.value: request:1:39: signal: a string is expected");
  CHECK(failure(R"({"op": 1})") == "request.value: request:1:8: op: a string is expected");
  CHECK(failure(R"({"op": "ping", "command": ["true"]})").starts_with("request.unknown_key: "));
  CHECK(failure(R"({"op": "ping", "op": "ping"})").starts_with("request.syntax: "));
  CHECK(failure("{\"op\": \"ping\", \"id\": \"" + std::string(4096, 'x') + "\"}") ==
        "request.syntax: request: an op has at most 4096 bytes");
}

TEST_CASE("serve message: of a request what the server needs") {
  const Message plain = read(R"({"command": ["true"]})");
  CHECK(plain.op == Op::run);
  CHECK_FALSE(plain.id);
  CHECK_FALSE(plain.wants_events);
  CHECK(plain.descriptors == 0);
  const Message all =
      read(R"({"id": "\u00e9\n\"", "events": true, "program": {"fd": 2}, "stdin": {"fd": 0}})");
  CHECK(all.id == "\u00e9\n\"");
  CHECK(all.wants_events);
  CHECK(all.descriptors == 3);
  CHECK(read(R"({"stdin": {"fd": 9}})").descriptors == 10);
  CHECK(read(R"({"stdin": {"path": "/x"}, "stdout": {"fd": 3}})").descriptors == 0);
  // What is wrong with these is for who runs them to say.
  CHECK_FALSE(read(R"({"id": 7, "events": "true"})").id);
  CHECK_FALSE(read(R"({"id": 7, "events": "true"})").wants_events);
}

// Red: without check_keys().
TEST_CASE("serve message: no key of a request has two spellings") {
  CHECK(failure(R"({"command": ["true"], "i\u0064": "7"})") ==
        "request.syntax: request:1:23: a key that is written with an escape");
  CHECK(failure(R"({"\u006fp": "ping"})").starts_with("request.syntax: "));
  CHECK(failure(R"({"environment": {"set": {"\u0061": "b"}}})") == "(read)");
}

// Red: let it pass: the worker takes what follows the NUL for the request.
TEST_CASE("serve message: an id has no NUL byte") {
  CHECK(failure(R"({"id": "a\u0000{}", "command": ["true"]})").starts_with("request.value: "));
}

TEST_CASE("serve message: a descriptor is one of ten") {
  for (const char* number : {"10", "-1", "1.0", "\"1\"", "null", "[1]", "00"}) {
    CAPTURE(number);
    CHECK(failure("{\"stdin\": {\"fd\": " + std::string(number) + "}}")
              .starts_with("request.value: request:1:1: stdin.fd: 0 to 9 is expected"));
  }
}

TEST_CASE("serve message: what is no object is an error with its place") {
  CHECK(failure("") == "request.syntax: request:1:1: the text ends before the document does");
  CHECK(failure("{\"command\": [\"true\"") ==
        "request.syntax: request:1:20: the text ends before the document does");
  CHECK(failure("[]").starts_with("request."));
  CHECK(failure(std::string(1 << 20, '[')) ==
        "request.syntax: request:1:33: nested more than 32 deep");
  CHECK(failure(std::string("\0\xff", 2)).starts_with("request.syntax: "));
}

// Red: leave the values out of it.
TEST_CASE("serve message: requests that differ in their program and input alone are alike") {
  const auto alike = [](std::string_view line) { return read(line).alike; };
  const std::size_t one = alike(R"({"id": "1", "command": ["true"], "limits": {"memory": "64M"}})");
  CHECK(one == alike(R"({"id": "2", "command": ["false", "x"], "limits": {"memory": "64M"}})"));
  CHECK(one != alike(R"({"id": "1", "command": ["true"], "limits": {"memory": "65M"}})"));
  CHECK(one !=
        alike(R"({"id": "1", "command": ["true"], "profile": "go", "limits": {"memory": "64M"}})"));
  CHECK(
      one !=
      alike(
          R"({"id": "1", "command": ["true"], "directory": "/tmp", "limits": {"memory": "64M"}})"));
}

TEST_CASE("serve message: the id of a line that is no message") {
  CHECK(id_of(R"({"id": "7", "stdin": {"fd": 77}})") == "7");
  CHECK(id_of(R"({"command": ["a"], "id": "\u0041"})") == "A");
  CHECK_FALSE(id_of(R"({"id": 7})"));
  CHECK_FALSE(id_of(R"({"id": "7")"));
  CHECK_FALSE(id_of(R"({"id": "\q"})"));
  CHECK_FALSE(id_of("{\"id\": \"" + std::string(5000, 'x') + "\"}"));
}
