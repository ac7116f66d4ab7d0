// p39, p40: every byte that goes in comes out as it was, and stdin never hurts the supervisor.
#include <doctest/doctest.h>

#include "harness.h"

using namespace sbtest;

namespace {

void expect_round_trip(const std::string& bytes) {
  Options options;
  options.input = bytes;
  const Run run = run_target({"--output", "16M"}, {"cat"}, options);
  expect_ok(run);
  CHECK(run.document.at("stdout.bytes").integer() == static_cast<std::int64_t>(bytes.size()));
  // Not CHECK(a == b): doctest would print a megabyte.
  const bool same = run.stdout_bytes() == bytes;
  CHECK(same);
  CHECK_FALSE(run.document.at("stdout.truncated").boolean());
}

std::string all_bytes() {
  std::string bytes;
  for (int value = 0; value < 256; ++value) {
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 12345;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace

// Red: take all bytes for text in write_bytes of result/json_fields.cc.
TEST_CASE("p39 bytes come back as they went in") {
  expect_round_trip("");
  expect_round_trip("no final newline");
  expect_round_trip("crlf\r\nlf\ncr\r");
  expect_round_trip(std::string("nul\0nul\0", 8));
  expect_round_trip(all_bytes());
  expect_round_trip(
      "\xef\xbb\xbf"
      "bom");
  expect_round_trip("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f \x1b[0m \" \\ / \b\f\t");
  expect_round_trip("cut short \xe2\x82");
  expect_round_trip("overlong \xc0\x80 surrogate \xed\xa0\x80 beyond \xf4\x90\x80\x80");
  expect_round_trip("\n\n\n");
}

// Red: take all bytes for text in write_bytes of result/json_fields.cc.
TEST_CASE("p39 the encoding is utf-8 exactly when the bytes are") {
  const std::pair<const char*, const char*> table[] = {
      {"plain", "utf-8"}, {"\xc3\xa4", "utf-8"},  {"\xf4\x8f\xbf\xbf", "utf-8"}, {"\xff", "base64"},
      {"\xc3", "base64"}, {"\xc0\x80", "base64"}, {"\xed\xa0\x80", "base64"}};
  for (const auto& [bytes, encoding] : table) {
    Options options;
    options.input = bytes;
    const Run run = run_target({}, {"cat"}, options);
    expect_ok(run);
    CHECK(run.document.at("stdout.encoding").text() == encoding);
    CHECK(run.stdout_bytes() == bytes);
  }
}

// Red: take all bytes for text in write_bytes of result/json_fields.cc.
TEST_CASE("p39 stderr is as exact as stdout") {
  Options options;
  options.input = all_bytes();
  const Run run = run_target({}, {"sh", "-c", "cat >&2"}, options);
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(run.document.bytes("stderr") == all_bytes());
  CHECK(run.stdout_bytes().empty());
}

// Red: take EAGAIN of write() for an error in step() of supervise/input_pump.cc.
TEST_CASE("p40 a megabyte goes through cat") {
  expect_round_trip(noise(1 << 20));
  expect_round_trip(std::string(3 << 20, 'x'));
}

// Red: take EAGAIN of write() for an error in step() of supervise/input_pump.cc.
TEST_CASE("p40 stdin larger than a pipe is never read") {
  Options options;
  options.input = std::string(4 << 20, 'x');
  const Run run = run_target({"--wall-time", "20s"}, {"true"}, options);
  expect_ok(run);
  CHECK(run.elapsed_s < 5 * slow());
  const Run sleeping = run_target({"--wall-time", "300ms"}, {"sleep", "10"}, options);
  expect_limit(sleeping, "wall_time_limit", "wall_time", 124);
}

// Red: take EAGAIN of write() for an error in step() of supervise/input_pump.cc, or tell on_error_
// of an EPOLLERR.
TEST_CASE("p40 stdin is closed early") {
  Options options;
  options.input = std::string(4 << 20, 'x');
  for (const char* wanted : {"0", "1", "100"}) {
    const Run run = run_target({"--wall-time", "20s"}, {probe("close_stdin"), wanted}, options);
    expect_ok(run);
    CHECK(run.stdout_bytes() == "closed\n");
  }
  const Run head = run_target({"--wall-time", "20s"}, {"head", "-c", "10"}, options);
  expect_ok(head);
  CHECK(head.stdout_bytes() == "xxxxxxxxxx");
}

TEST_CASE("p40 a silent caller does not hold the run") {
  Options options;
  options.keep_input_open = true;
  const Run run = run_target({}, {"echo", "hi"}, options);
  expect_ok(run);
  CHECK(run.elapsed_s < 5 * slow());
  options.input = "some bytes\n";
  const Run line = run_target({}, {"head", "-1"}, options);
  expect_ok(line);
  CHECK(line.stdout_bytes() == "some bytes\n");
}

TEST_CASE("p40 stdin null is empty also for a caller that writes") {
  Options options;
  options.input = std::string(1 << 20, 'x');
  const Run run = run_target({"--stdin", "null"}, {"wc", "-c"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "0\n");
}

TEST_CASE("p40 stdin from a file is a file that cannot be written") {
  const TempDirectory directory;
  const std::string content = "first" + noise(100000) + "final";
  const std::string file = directory.write("input", content);
  const Run run = run_target({"--stdin", file}, {probe("stdin_file")});
  expect_ok(run);
  const std::string text = run.stdout_bytes();
  INFO(text);
  CHECK(contains(text, "fstat errno=0 regular=1 size=" + std::to_string(content.size()) + "\n"));
  CHECK(contains(text, "mmap errno=0 first=first\n"));
  CHECK(contains(text, "lseek errno=0 last=final\n"));
  CHECK(value_of(text, "write errno") != "0");
  CHECK(value_of(text, "ftruncate errno") != "0");
  CHECK(value_of(text, "map_write errno") != "0");
  CHECK(value_of(text, "reopen_rw errno") != "0");
  CHECK(value_of(text, "reopen_w errno") != "0");
  CHECK(read_file(file) == content);
  const Run cat = run_target({"--stdin", file}, {"cat"});
  expect_ok(cat);
  CHECK((cat.stdout_bytes() == content));
  const Run missing = run_target({"--stdin", directory.path() + "/none"}, {"cat"});
  INFO(missing.describe());
  CHECK(missing.exit_status == 2);
  CHECK(missing.document.at("error.tag").text() == "io.stdin");
}

TEST_CASE("p40 an empty file and a device as stdin") {
  const TempDirectory directory;
  const std::string file = directory.write("empty", "");
  const Run run = run_target({"--stdin", file}, {"wc", "-c"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "0\n");
  const Run zero = run_target({"--stdin", "/dev/zero"}, {"head", "-c", "3"});
  INFO(zero.describe());
  CHECK((zero.exit_status == 0 || zero.document.at("error.tag").text() == "io.stdin"));
  CHECK(zero.elapsed_s < 10 * slow());
}
