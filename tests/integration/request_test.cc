// `run --request`: a run described by JSON.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "harness.h"
#include "quick.h"

using namespace sbtest;

namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += at + i > bytes.size() ? '=' : alphabet[bits >> (18 - 6 * i) & 63];
    }
  }
  return text;
}

// The smallest executable: a header, one segment, `code`.
std::string elf_of(const std::string& code) {
  std::string file(
      "\x7f"
      "ELF\x02\x01\x01",
      7);
  const auto put = [&file](std::size_t size, std::uint64_t value) {
    for (; size > 0; --size, value >>= 8) {
      file += static_cast<char>(value & 0xff);
    }
  };
  constexpr std::uint64_t at = 0x400000;
  file.resize(16);
  put(2, 2), put(2, 62), put(4, 1);         // an x86-64 executable
  put(8, at + 120), put(8, 64), put(8, 0);  // starts behind the headers
  put(4, 0), put(2, 64), put(2, 56), put(2, 1), put(2, 0), put(2, 0), put(2, 0);
  put(4, 1), put(4, 5), put(8, 0), put(8, at), put(8, at);  // read and execute, all of the file
  put(8, 120 + code.size()), put(8, 120 + code.size()), put(8, 0x1000);
  return file + code;
}

Run run_request(const std::string& text, const Words& words = {}, Options options = {}) {
  const TempDirectory directory;
  Words arguments = {"run", "--request", directory.write("request.json", text)};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_sandbox(arguments, options);
}

}  // namespace

TEST_CASE("request: a file says all of a run") {
  const Run run = run_request(R"({"profile": "c", "command": ["sh", "-c", "echo $A; pwd; cat"],
      "directory": "/tmp", "stdin": "from the request\n", "stderr": "stdout",
      "environment": {"set": {"A": "one"}}, "limits": {"memory": "100MiB"}})");
  expect_ok(run);
  CHECK(run.stdout_bytes() == "one\n/tmp\nfrom the request\n");
  CHECK(run.document.at("sandbox.profile").text() == "c");
  CHECK(run.document.at("memory.limit_bytes").integer() == 100 << 20);
}

TEST_CASE("request: from stdin and the program gets none of it") {
  Options options;
  options.input = "{\"command\": [\"cat\"]}\n";
  Run run = run_sandbox({"run", "--request", "-"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes().empty());
  options.input = R"({"command": ["cat"], "stdin": {"base64": "AP8K"}})";
  run = run_sandbox({"run", "--request", "-"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == std::string("\0\xff\n", 3));
  run = run_sandbox({"run", "--request", "-", "--stdin", "-"}, options);
  expect_usage_error(run, {"--stdin", "request"});
}

TEST_CASE("request: a file leaves stdin to the program") {
  Options options;
  options.input = "the callers\n";
  const Run run = run_request(R"({"command": ["cat"]})", {}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "the callers\n");
}

TEST_CASE("request: options win over it and it wins over the profile") {
  const std::string text = R"({"profile": "c", "command": ["no such"], "stdin": "request",
      "limits": {"open_files": 50, "memory": "99MiB"}, "environment": {"set": {"A": "1", "B": "1"}}})";
  const Run run =
      run_request(text, {"--profile", "default", "--open-files", "40", "--env", "A=2", "--stdin",
                         "null", "--", "sh", "-c", "ulimit -n; echo $A $B; cat; ulimit -s"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "40\n2 1\n8192\n");
  CHECK(run.document.at("sandbox.profile").text() == "default");
  CHECK(run.document.at("memory.limit_bytes").integer() == 99 << 20);
  Options options;
  options.env = {{"SANDBOX_PROFILE", "strict"}};
  CHECK(run_request(R"({"profile": "c", "command": ["true"]})", {}, options)
            .document.at("sandbox.profile")
            .text() == "c");
}

// Red: keep the built-in filter although the request changes it.
TEST_CASE("request: its system calls are enforced on top of the profile") {
  const Run run = run_request(R"({"profile": "c", "command": ["mkdir", "/tmp/a"],
      "syscalls": {"deny": [{"name": "mkdir", "action": "kill", "why": "asked for"}]}})");
  expect_status(run, "syscall_violation", 159);
  CHECK(run.document.at("violations.0.why").text() == "asked for");
}

TEST_CASE("request: a program that comes as bytes") {
  const std::string bytes = read_file(probe("print_args"));
  Run run = run_request("{\"program\": " + quoted(base64(bytes)) + ", \"args\": [\"a b\", \"\"]}");
  expect_ok(run);
  CHECK(run.stdout_bytes() == "3:a b,0:,");
  const std::string script = "#!/bin/sh\necho $0 $1; cat; echo x > $0 || echo refused\n";
  run = run_request(
      "{\"program\": " + quoted(base64(script)) +
      ", \"args\": [\"a\"], \"stdin\": \"in\\n\", \"stderr\": {\"path\": \"/dev/null\"}}");
  expect_ok(run);
  CHECK(run.stdout_bytes() == "/workspace/program a\nin\nrefused\n");
  run = run_request("{\"program\": " + quoted(base64("no program")) + "}");
  expect_status(run, "error", 126);
  CHECK(run.document.at("error.tag").text() == "program.not_executable");
  run = run_request("{\"program\": " + quoted(base64(script)) + "}", {"--", "echo", "mine"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "mine\n");
}

TEST_CASE("request: input as bytes is a file that nobody can write") {
  const Run run = run_request(R"({"command": ["sh", "-c",
      "head -c 1; tail -c 2 < /dev/stdin; echo x > /dev/stdin || echo refused"], "stdin": "abc\n",
      "stderr": {"path": "/dev/null"}})");
  expect_ok(run);
  CHECK(contains(run.stdout_bytes(), "refused"));
  CHECK_FALSE(contains(run.stdout_bytes(), "x"));
}

TEST_CASE("request: streams to files and events") {
  const TempDirectory directory;
  const std::string out = directory.path() + "/out";
  const std::string events = directory.path() + "/events";
  const std::string text =
      "{\"command\": [\"echo\", \"hi\"], \"events\": true, \"stdout\": {\"path\": " + quoted(out) +
      "}}";
  expect_usage_error(run_request(text), {"--events"});
  const Run run = run_request(text, {"--events", events});
  expect_ok(run);
  CHECK(read_file(out) == "hi\n");
  CHECK(contains(read_file(events), "\"started\""));
}

TEST_CASE("request: what is no request is one line and status 2") {
  expect_usage_error(run_request("{\n  \"limits\": {\"memry\": 1}}"),
                     {"request.json:2:14", "limits.memry", "limits.memory", "request.unknown_key"});
  expect_usage_error(run_request("{\"command\": [\"true\"], \"command\": [\"ls\"]}"),
                     {"1:23", "twice"});
  expect_usage_error(run_request("{\"command\": [\"true\"]"), {"ends before", "request.syntax"});
  expect_usage_error(run_request(std::string("\x7f"
                                             "ELF\0\0\1",
                                             7)),
                     {"1:1", "request.syntax"});
  expect_usage_error(run_request(std::string(200'000, '[')), {"1:33", "deep"});
  expect_usage_error(run_request("{\"profile\": \"c\"}"), {"no program given"});
  expect_usage_error(run_request("{\"profile\": \"nothing\", \"command\": [\"true\"]}"),
                     {"no built-in profile"});
  expect_usage_error(run_sandbox({"run", "--request", "/no/such", "--", "true"}),
                     {"/no/such", "request.unreadable"});
  expect_usage_error(run_sandbox({"run", "--request", "/", "--", "true"}), {"request.unreadable"});
  Options options;
  options.timeout_s = 60;
  expect_usage_error(run_sandbox({"run", "--request", "/dev/zero", "--", "true"}, options),
                     {"at most", "bytes"});
}

// Red: keep the file open that make_file of launch/inside/mounts.cc has written.
TEST_CASE("p26 a thousand programs given as bytes start at once") {
  // Each differs, so that none is another's: write(1, ID, 8), exit_group(0).
  const auto program_of = [](int id) {
    char word[9];
    std::snprintf(word, sizeof word, "%07d\n", id);
    const std::string code =
        std::string("\xb8\x01\0\0\0\xbf\x01\0\0\0\x48\x8d\x35\x10\0\0\0\xba\x08\0\0\0\x0f\x05",
                    24) +
        std::string("\x31\xff\xb8\xe7\0\0\0\x0f\x05", 9) + word;
    return elf_of(code);
  };
  const int each = slow() > 1 ? 4 : 40;
  constexpr int workers = 25;
  const TempDirectory directory;
  std::vector<pid_t> children;
  for (int worker = 0; worker < workers; ++worker) {
    children.push_back(fork());
    if (children.back() != 0) {
      continue;
    }
    for (int i = 0; i < each; ++i) {
      const int id = worker * 1000 + i;
      const std::string request = directory.write(
          "request" + std::to_string(id), "{\"program\": " + quoted(base64(program_of(id))) + "}");
      const Quick run = quick_run({"run", "--request", request});
      char word[16];
      std::snprintf(word, sizeof word, "\"%07d\\n\"", id);
      if (run.exit_status != 0 || !contains(run.out, word)) {
        std::fprintf(stderr, "program %d exited with %d: %s\n", id, run.exit_status,
                     run.out.c_str());
        _exit(1);
      }
    }
    _exit(0);
  }
  for (const pid_t child : children) {
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  expect_true_runs();
}
