#include "result/json.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "unit/result/documents.h"

namespace {

using namespace sb;
using namespace sb::result;
using namespace sbtest;
using namespace std::string_literals;

// What a reader of the document gets back, and the encoding it was told.
std::pair<std::string, std::string> read_back(const std::string& bytes) {
  Outcome outcome = finished_outcome();
  outcome.out.data = Bytes(bytes);
  outcome.out.bytes = bytes.size();
  const std::string document = json_of(outcome);
  const std::size_t stream = document.find("\"stdout\":");
  const std::string encoding = json_string(document, "encoding", stream);
  const std::string data = json_string(document, "data", stream);
  return {encoding == "base64" ? base64_decoded(data) : data, encoding};
}

void check_exact(const std::string& bytes, const std::string& encoding) {
  const auto [back, told] = read_back(bytes);
  CHECK(told == encoding);
  CHECK(back.size() == bytes.size());
  CHECK((back == bytes));
}

}  // namespace

TEST_CASE("json: p39 valid UTF-8 is kept byte for byte") {
  for (const std::string& text :
       {""s, "no final newline"s, "crlf\r\n"s, "nul\0nul"s, "\"\\/\b\f\n\r\t"s, "\x1b[31m\x7f"s,
        "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"s, "c1 \xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0"s,
        "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"s, "\xEF\xBB\xBF"s, "\xE2\x80\xA8"s}) {
    check_exact(text, "utf-8");
  }
}

TEST_CASE("json: p39 anything else is base64 byte for byte") {
  for (const std::string& bytes :
       {"\xFF"s, "a\x80"s, "\xC0\x80"s, "\xC1\xBF"s, "\xE0\x9F\xBF"s, "\xED\xA0\x80"s,
        "\xED\xBF\xBF"s, "\xF0\x8F\xBF\xBF"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xC3"s,
        "\xE2\x82"s, "\xF0\x9F\x98"s, "ok\xE2\x28\xA1"s, "\0\xFF\0"s}) {
    check_exact(bytes, "base64");
  }
}

TEST_CASE("json: random bytes of every small length come back") {
  std::mt19937 random(1);
  for (std::size_t length = 0; length < 300; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random() & 0xFF);
    }
    CHECK((read_back(bytes).first == bytes));
  }
}

TEST_CASE("json: characters that lie across the end of the buffer stay whole") {
  for (std::size_t padding = 65'500; padding < 65'560; ++padding) {
    check_exact(std::string(padding, 'x') + "\n\xF0\x9F\x98\x80\xC2\x9B\"", "utf-8");
    check_exact(std::string(padding, 'x') + "\xFF", "base64");
  }
}

TEST_CASE("json: long plain runs reach the sink without a copy") {
  Outcome outcome = finished_outcome();
  outcome.out.data = Bytes(std::string(1 << 20, 'x'));
  const std::string_view data = outcome.out.data.view();
  std::size_t direct = 0;
  std::size_t largest_copy = 0;
  const Sink sink = [&](std::string_view bytes) -> Result<Done> {
    const bool inside = !std::less<>()(bytes.data(), data.data()) &&
                        std::less<>()(bytes.data(), data.data() + data.size());
    if (inside) {
      direct += bytes.size();
    } else {
      largest_copy = std::max(largest_copy, bytes.size());
    }
    return Done{};
  };
  REQUIRE(write_json(outcome, sink, false));
  CHECK(direct == data.size());
  CHECK(largest_copy <= 64 * 1024);
}

TEST_CASE("json: control characters never reach a terminal") {
  Outcome outcome = finished_outcome();
  outcome.out.data = Bytes(
      "\x1b]0;title\x07\xC2\x9B"
      "31m\x7f");
  for (const bool pretty : {false, true}) {
    const std::string document = json_of(outcome, pretty);
    CHECK(document.find_first_of("\x1b\x07\x7f") == std::string::npos);
    CHECK(document.find("\xC2\x9B") == std::string::npos);
  }
}

TEST_CASE("json: one line unless pretty") {
  const std::string line = json_of(finished_outcome());
  CHECK(line.find('\n') == line.size() - 1);
  const std::string pretty = json_of(finished_outcome(), true);
  CHECK(pretty.starts_with("{\n  \"schema\": \"sandbox.result/v1\",\n"));
  CHECK(pretty.find("\n  \"warnings\": [],\n") != std::string::npos);
  CHECK(pretty.ends_with("\n}\n"));
}

TEST_CASE("json: fields stand in the order of the contract") {
  const std::string document = json_of(finished_outcome());
  std::size_t at = 0;
  for (const char* key : {"schema",         "status",
                          "exit_code",      "signal",
                          "reason",         "cause",
                          "time",           "started",
                          "wall_ns",        "cpu_ns",
                          "user_ns",        "system_ns",
                          "setup_ns",       "memory",
                          "peak_bytes",     "peak_source",
                          "max_rss_bytes",  "limit_bytes",
                          "oom_kills",      "processes",
                          "peak",           "limit",
                          "limit_hits",     "disk",
                          "used_bytes",     "inodes",
                          "inodes_limit",   "stdout",
                          "data",           "encoding",
                          "bytes",          "truncated",
                          "stderr",         "violations_total",
                          "violations",     "files",
                          "enforced",       "namespaces",
                          "seccomp",        "warnings",
                          "error",          "sandbox",
                          "version",        "profile",
                          "profile_sha256", "kernel"}) {
    const std::size_t found = document.find("\"" + std::string(key) + "\":", at);
    CHECK_MESSAGE(found != std::string::npos, key);
    at = std::max(at, found == std::string::npos ? at : found);
  }
}

TEST_CASE("json: a stream that went elsewhere has null data") {
  Outcome outcome = finished_outcome();
  outcome.out = {.captured = false, .data = Bytes(), .bytes = 42, .truncated = false};
  CHECK(json_of(outcome).find(
            R"("stdout":{"data":null,"encoding":null,"bytes":42,"truncated":false})") !=
        std::string::npos);
}

TEST_CASE("json: bad bytes in other strings become visible text") {
  Outcome outcome = finished_outcome();
  outcome.warnings = {"a \xFF\xC3\xA9 \xE2\x82 \\"};
  CHECK(json_of(outcome).find("\"warnings\":[\"a \\\\xFF\xC3\xA9 \\\\xE2\\\\x82 \\\\\"]") !=
        std::string::npos);
}

TEST_CASE("json: an error carries tag and errno and context") {
  const std::string document = json_of(failed_outcome());
  CHECK(document.find(R"("error":{"tag":"launch.mount","message":"mounting tmpfs on \"/tmp\": )"
                      R"(No space left on device","context":["starting \"go\""],"errno":"ENOSPC",)"
                      R"("stage":"mount","hint":"where a container )") != std::string::npos);
  CHECK(document.find(R"("enforced":null)") != std::string::npos);
}

TEST_CASE("json: the first error of the sink ends the writing") {
  Outcome outcome = finished_outcome();
  outcome.out.data = Bytes(std::string(1 << 20, '\n'));
  int calls = 0;
  const Sink sink = [&](std::string_view) -> Result<Done> {
    ++calls;
    return Error(Tag::io_result, "writing", 28);
  };
  const Result<Done> written = write_json(outcome, sink, false);
  REQUIRE_FALSE(written);
  CHECK(written.error().err() == 28);
  CHECK(calls == 1);
}

namespace {

std::vector<Outcome> outcomes_of_every_status() {
  std::vector<Outcome> outcomes;
  outcomes.push_back(finished_outcome());
  outcomes.push_back(failed_outcome());
  for (const auto& [status, limit] :
       {std::pair(Status::wall_time_limit, "wall_time"),
        std::pair(Status::cpu_time_limit, "cpu_time"), std::pair(Status::memory_limit, "memory"),
        std::pair(Status::output_limit, "output"), std::pair(Status::file_size_limit, "file_size"),
        std::pair(Status::virtual_time_limit, "virtual_time")}) {
    outcomes.push_back(limited_outcome(status, limit));
  }
  outcomes.back().clock = result::ClockFacts{.start = "2009-11-10T23:00:00Z", .elapsed_ns = 5};
  Outcome deadlock = limited_outcome(Status::deadlock, "");
  deadlock.cause.reset();
  deadlock.clock = outcomes.back().clock;
  outcomes.push_back(std::move(deadlock));
  Outcome exited = finished_outcome();
  exited.status = Status::exited;
  exited.exit_code = 3;
  exited.err = {.captured = true, .data = Bytes("\xFF\xFE"), .bytes = 1000, .truncated = true};
  outcomes.push_back(std::move(exited));
  Outcome signaled = limited_outcome(Status::signaled, "");
  signaled.cause.reset();
  signaled.signal = 34;
  outcomes.push_back(std::move(signaled));
  Outcome violation = limited_outcome(Status::syscall_violation, "");
  violation.cause.reset();
  violation.violations_total = 2;
  violation.violations.resize(2);
  violation.violations[0] = {.syscall = "ptrace",
                             .number = 101,
                             .arch = "x86_64",
                             .args = {"PTRACE_TRACEME", "0"},
                             .action = "killed",
                             .pid = 2,
                             .comm = "p\xFF",
                             .exe = "/workspace/p",
                             .why = "no debuggers"};
  violation.violations[1].action = "errno EPERM";
  violation.files = {{.path = "/workspace/out", .bytes = 12, .saved = "out"}};
  violation.warnings = {"a warning"};
  outcomes.push_back(std::move(violation));
  Outcome cancelled = limited_outcome(Status::cancelled, "");
  cancelled.cause.reset();
  cancelled.time.started.clear();
  cancelled.enforced.reset();
  outcomes.push_back(std::move(cancelled));
  return outcomes;
}

int validate(const std::filesystem::path& folder) {
  const std::string command =
      std::string("/usr/bin/python3 " SANDBOX_SOURCE_DIR "/tests/schema/validate.py ") +
      folder.string() + " >" + (folder / "log").string();
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("json: documents of every status follow the schema") {
  std::string name = std::filesystem::temp_directory_path() / "sbtest.XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const std::filesystem::path folder = name;
  int number = 0;
  for (const Outcome& outcome : outcomes_of_every_status()) {
    std::ofstream(folder / (std::to_string(number++) + ".json")) << json_of(outcome);
  }
  const int status = validate(folder);
  std::ifstream log(folder / "log");
  const std::string text(std::istreambuf_iterator<char>(log), {});
  if (status == 77) {
    MESSAGE(text);
  } else {
    CHECK_MESSAGE(status == 0, text);
  }
  // The schema must also refuse: an ok with a cause.
  Outcome wrong = limited_outcome(Status::wall_time_limit, "wall_time");
  wrong.status = Status::ok;
  std::ofstream(folder / "wrong.json") << json_of(wrong);
  CHECK((status == 77 || validate(folder) == 1));
  std::filesystem::remove_all(folder);
}
