#include "unit/result/documents.h"

#include <array>

#include <doctest/doctest.h>

namespace sbtest {
namespace {

using namespace sb::result;

void append_utf8(std::string& text, unsigned code_point) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else {
    text += static_cast<char>(0xC0 | code_point >> 6);
    text += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

}  // namespace

Outcome finished_outcome() {
  Outcome outcome;
  outcome.status = Status::ok;
  outcome.exit_code = 0;
  outcome.time = {.started = "2026-11-21T16:00:00.123456Z",
                  .wall_ns = 2'011'000'000,
                  .cpu_ns = 2'003'118'000,
                  .user_ns = 1'990'000'000,
                  .system_ns = 13'118'000,
                  .setup_ns = 2'100'000};
  outcome.memory = {.peak_bytes = 3'440'640,
                    .peak_source = "cgroup1 memory.max_usage_in_bytes",
                    .max_rss_bytes = 1'810'432,
                    .limit_bytes = 536'870'912,
                    .oom_kills = 0};
  outcome.processes = {.peak = 1, .limit = 64, .limit_hits = 0};
  outcome.out = {.captured = true, .data = sb::Bytes("hello\n"), .bytes = 6, .truncated = false};
  outcome.enforced = Enforced{.namespaces = {"user", "mount", "pid", "net", "ipc", "uts", "cgroup"},
                              .seccomp = "go",
                              .memory = "cgroup1",
                              .cpu_time = "cgroup1",
                              .processes = "cgroup1",
                              .workspace = "scratch"};
  outcome.sandbox = {.version = "0.1.0",
                     .profile = "go",
                     .profile_sha256 = std::string(64, 'a'),
                     .kernel = "6.18.44"};
  return outcome;
}

Outcome limited_outcome(Status status, const std::string& limit) {
  Outcome outcome = finished_outcome();
  outcome.status = status;
  outcome.exit_code.reset();
  outcome.signal = 9;
  outcome.reason = "used more than it may";
  outcome.cause = Cause{.limit = limit, .value = 2, .observed = 3, .mechanism = "timer"};
  return outcome;
}

Outcome failed_outcome() {
  Outcome outcome;
  outcome.error = sb::Error(sb::Tag::launch_mount, "mounting tmpfs on \"/tmp\"", 28)
                      .context("starting \"go\"")
                      .with_stage("mount");
  outcome.sandbox = finished_outcome().sandbox;
  return outcome;
}

std::string json_of(const Outcome& outcome, bool pretty) {
  std::string document;
  const Sink sink = [&](std::string_view bytes) -> sb::Result<sb::Done> {
    document += bytes;
    return sb::Done{};
  };
  REQUIRE(write_json(outcome, sink, pretty));
  return document;
}

std::string json_string(std::string_view document, std::string_view key, std::size_t from) {
  const std::string opening = "\"" + std::string(key) + "\":\"";
  const std::size_t found = document.find(opening, from);
  REQUIRE(found != std::string_view::npos);
  std::string text;
  for (std::size_t i = found + opening.size(); document.at(i) != '"'; ++i) {
    if (static_cast<unsigned char>(document[i]) < 0x20) {
      FAIL("a control character stands in a JSON string");
    }
    if (document[i] != '\\') {
      text += document[i];
      continue;
    }
    constexpr std::string_view letters = "bfnrt\"\\/";
    constexpr std::string_view meanings = "\b\f\n\r\t\"\\/";
    ++i;
    if (document.at(i) == 'u') {
      append_utf8(text, static_cast<unsigned>(
                            std::stoul(std::string(document.substr(i + 1, 4)), nullptr, 16)));
      i += 4;
    } else {
      text += meanings.at(letters.find(document[i]));
    }
  }
  return text;
}

std::string base64_decoded(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  REQUIRE(text.size() % 4 == 0);
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) {
      FAIL("a character is no base64 digit");
    }
    held = (held << 6 | static_cast<unsigned>(digit)) & 0xFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(held >> bits & 0xFF);
    }
  }
  return bytes;
}

}  // namespace sbtest
