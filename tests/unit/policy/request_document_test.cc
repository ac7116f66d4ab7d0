#include "policy/request_document.h"

#include <random>

#include "policy/profile_keys.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

RequestDocument document(std::string_view text) {
  Result<RequestDocument> request = read_request(text, "r.json");
  REQUIRE_MESSAGE(request, (request ? "" : request.error().to_line()));
  return *std::move(request);
}

std::string failure(std::string_view text) {
  const Result<RequestDocument> request = read_request(text, "r.json");
  if (request) {
    return "(accepted)";
  }
  CHECK(request.error().exit_code() == 2);
  CHECK(request.error().to_line().find('\n') == std::string::npos);
  return request.error().to_line();
}

}  // namespace

TEST_CASE("request: every kind of key") {
  const RequestDocument request = document(R"({
    "schema": "sandbox.request/v1", "id": "7", "profile": "go",
    "command": ["prog", "", "a b"], "directory": "/tmp", "events": true,
    "stdin": "h\u0000\u00e4", "stdout": {"path": "out"}, "stderr": "stdout",
    "limits": {"wall_time": 2.5, "memory": "64M", "cpus": "none"},
    "files": {"mounts": [{"source": "/opt", "target": "/opt", "mode": "rw"}, "/a:/b"]},
    "syscalls": {"deny": [{"name": "ptrace", "action": "errno EPERM", "why": "w"}]},
    "environment": {"set": {"A": "1"}, "pass": ["TZ"]}})");
  CHECK(request.id == "7");
  CHECK(request.profile == "go");
  CHECK(request.command == std::vector<std::string>{"prog", "", "a b"});
  CHECK(request.events);
  CHECK(*request.input->bytes == std::string("h\0\xc3\xa4", 4));
  CHECK(request.output.path == "out");
  CHECK(request.error.to_stdout);
  CHECK(request.keys.files.directory->value == "/tmp");
  CHECK(request.keys.limits.wall_time_ns->value == 2'500'000'000);
  CHECK(request.keys.limits.memory_bytes->value == 64 << 20);
  CHECK_FALSE(request.keys.limits.cpus_millis->value.has_value());
  CHECK(request.keys.limits.memory_bytes->origin.to_string() == "r.json:5:44");
  CHECK(request.keys.files.mounts.size() == 2);
  CHECK(request.keys.syscalls.layers.front().deny.front().why == "w");
  CHECK(request.keys.environment.set.at("A").value == "1");
}

TEST_CASE("request: a program and input as bytes") {
  const RequestDocument request =
      document(R"({"program": "f0VMRgA=", "args": ["a"], "stdin": {"base64": "AP8="}})");
  CHECK(request.program->view() == std::string("\x7f"
                                               "ELF\0",
                                               5));
  CHECK(request.args == std::vector<std::string>{"a"});
  CHECK(*request.input->bytes == std::string("\0\xff", 2));
  CHECK(document(R"({"stdin": {"path": "f"}})").input->path == "f");
}

TEST_CASE("request: an unknown key has its place and path and the nearest one") {
  CHECK(failure("{\n \"comand\": []}") ==
        "r.json:2:2: no key \"comand\"; did you mean \"command\"? [request.unknown_key]");
  CHECK(failure(R"({"limits": {"memry": 1}})") ==
        "r.json:1:13: no key \"limits.memry\"; did you mean \"limits.memory\"? "
        "[request.unknown_key]");
  CHECK(failure(R"({"memory": 1})") ==
        "r.json:1:2: no key \"memory\"; did you mean \"limits.memory\"? [request.unknown_key]");
  CHECK(failure(R"({"extends": "go"})") ==
        "r.json:1:2: no key \"extends\"; did you mean \"profile\"? [request.unknown_key]");
  CHECK(failure(R"({"files": {"mounts": [{"src": "/"}]}})")
            .starts_with("r.json:1:24: no key \"files.mounts.src\""));
  CHECK(failure(R"({"stdin": {"pth": "f"}})") ==
        "r.json:1:12: no key \"stdin.pth\"; did you mean \"stdin.path\"? [request.unknown_key]");
  CHECK(
      failure(R"({"description": "x"})").ends_with("no key \"description\" [request.unknown_key]"));
}

TEST_CASE("request: values of the wrong type or form") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {R"([])", "r.json:1:1: a request is an object: {...} [request.syntax]"},
      {R"({"command": "ls"})", "r.json:1:13: command: a list of strings is expected"},
      {R"({"command": ["a", 1]})", "r.json:1:19: command[1]: a string is expected"},
      {R"({"command": ["a\u0000b"]})", "r.json:1:14: command[0]: \"a\\x00b\" is not free of NUL"},
      {R"({"command": [""]})", "r.json:1:13: command: the program's name is missing"},
      {R"({"program": "Zg"})", "r.json:1:13: program: \"Zg\" is not base64"},
      {R"({"program": ""})", "r.json:1:13: program: an executable is expected"},
      {R"({"program": "Zg==", "command": ["a"]})", "r.json:1:2: program: command is there, too"},
      {R"({"command": ["a"], "args": []})", "r.json:1:20: args: they go with program"},
      {R"({"directory": "/a", "files": {"directory": "/b"}})", "r.json:1:2: directory: files.dir"},
      {R"({"directory": "a"})", "r.json:1:15: directory: \"a\" is not an absolute"},
      {R"({"stdin": {"path": "a", "base64": ""}})", "r.json:1:11: stdin: a string, "},
      {R"({"stdin": {}})", "r.json:1:11: stdin: a string, "},
      {R"({"stdin": 1})", "r.json:1:11: stdin: a string, "},
      {R"({"stdout": "f"})", "r.json:1:12: stdout: {\"path\": FILE} is expected"},
      {R"({"stdout": {"path": ""}})", "r.json:1:21: stdout.path"},
      {R"({"stderr": "both"})", "r.json:1:12: stderr: \"stdout\" or {\"path\": FILE}"},
      {R"({"events": "true"})", "r.json:1:12: events: true or false is expected"},
      {R"({"steps": []})", "r.json:1:11: steps: a list of 1 to 16 objects is expected"},
      {R"({"steps": [1]})", "r.json:1:12: steps[0]: an object is expected"},
      {R"({"steps": [{"name": "x"}]})", "r.json:1:12: steps[0]: no program given"},
      {R"({"steps": [{"command": ["a"], "cache": 1}]})",
       "r.json:1:40: steps[0].cache: true or false"},
      {R"({"steps": [{"command": ["a"], "name": ""}]})",
       "r.json:1:39: steps[0].name: 1 to 256 bytes"},
      {R"({"steps": [{"command": ["a"], "stdin": {"fd": 0}}]})",
       "r.json:1:12: steps[0]: a passed descriptor"},
      {R"({"command": ["a"], "steps": [{"command": ["b"]}]})",
       "r.json:1:2: command: steps are there, too"},
      {R"({"id": 7})", "r.json:1:8: id: a string is expected"},
      {R"({"profile": ""})", "r.json:1:13: profile"},
      {R"({"schema": "sandbox.request/v2"})", "r.json:1:12: schema"},
      {R"({"stdin": null})", "r.json:1:11: stdin: null says nothing"},
      {"{\"a\u007fb\": null}", R"(r.json:1:9: "a\x7fb": null says nothing)"},
      {R"({"limits": {"memory": null}})", "r.json:1:23: limits.memory: null says nothing"},
      {R"({"limits": {"memory": -1}})", "r.json:1:23: limits.memory: \"-1\" is not a size"},
      {R"({"limits": {"memory": 99999999999999999999999}})", "r.json:1:23: limits.memory"},
      {R"({"limits": {"memory": [1]}})", "r.json:1:23: limits.memory: a string is expected"},
      {R"({"limits": []})", "r.json:1:12: limits: an object is expected"},
      {R"({"environment": {"set": "A=1"}})", "r.json:1:25: environment.set: a table is expected"},
      {R"({"syscalls": {"allow": ["raed"]}})", "r.json:1:25: no system call \"raed\""},
  };
  for (const auto& [text, start] : rows) {
    CAPTURE(text);
    const std::string line = failure(text);
    CHECK_MESSAGE(line.starts_with(start), line);
  }
}

TEST_CASE("request: a call of another architecture is said to be one") {
  CHECK(failure(R"({"syscalls": {"allow": ["socketcall"]}})") ==
        "r.json:1:25: no system call \"socketcall\" on x86-64; other architectures have it "
        "[profile.unknown_syscall]");
}

TEST_CASE("request: lengths are bounded") {
  const std::string long_text(200'000, 'x');
  CHECK(failure("{\"command\": [\"" + long_text + "\"]}").find("more than 131071 bytes") !=
        std::string::npos);
  CHECK(failure("{\"id\": \"" + long_text.substr(0, 300) + "\"}").find("more than 256 bytes") !=
        std::string::npos);
  CHECK(failure("{\"" + long_text + "\": 1}").size() < 300);
  CHECK(document("{\"stdin\": \"" + long_text + "\"}").input->bytes->size() == 200'000);
  CHECK(failure(std::string(longest_request + 1, ' ')).find("at most") != std::string::npos);
}

// Red: let a setter of the profile's keys forget of_request.
TEST_CASE("request: a text changed anywhere is read or refused on one line") {
  const std::string good = R"({"profile": "c", "command": ["a", "b"], "stdin": {"base64": "AAEC"},
 "limits": {"memory": "64M", "cpus": 1.5}, "files": {"mounts": [{"source": "/a", "target": "/b"}]},
 "syscalls": {"allow": [{"name": "socket", "args": [{"index": 0, "in": ["AF_UNIX", 2]}]}]}})";
  (void)document(good);
  std::mt19937 random(4);  // NOLINT(cert-msc51-cpp): the same texts in every run
  const std::string_view bytes = "{}[]\",:0-9ae.\\\n\xff";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (unsigned change = 0; change <= random() % 3; ++change) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = bytes[random() % bytes.size()];
          break;
        case 1:
          text.erase(at, random() % 8);
          break;
        default:
          text.insert(at, 1, bytes[random() % bytes.size()]);
      }
    }
    const Result<RequestDocument> request = read_request(text, "r.json");
    if (!request) {
      const std::string line = request.error().to_line();
      CAPTURE(text);
      REQUIRE(line.starts_with("r.json:"));
      REQUIRE(line.find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("request: every section of the profile is a key of the request") {
  for (const Key& key : all_keys()) {
    const std::size_t dot = key.name.find('.');
    if (dot == std::string_view::npos) {
      continue;
    }
    const std::string section(key.name.substr(0, dot));
    const std::string name(key.name.substr(dot + 1));
    CAPTURE(key.name);
    const auto request =
        read_request("{\"" + section + "\": {\"" + name + "\": {\"no such\": 1}}}", "r.json");
    CHECK((request || request.error().to_line().find("no key \"" + std::string(key.name) + "\"") ==
                          std::string::npos));
  }
}
