// What is run, with which words, and where the result goes.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "harness.h"

using namespace sbtest;

namespace {

std::string netstrings(const Words& words) {
  std::string text;
  for (const std::string& word : words) {
    text += std::to_string(word.size()) + ":" + word + ",";
  }
  return text;
}

}  // namespace

TEST_CASE("command: arguments arrive exactly") {
  const Words words = {"",          "a b",   "line\nbreak", "[x,y]", "--",       "--memory",  "-h",
                       "a=b",       "\"q\"", "'",           "\\",    "\xff\x80", "tab\there", "[]",
                       "--x=[1,2]", "%s%n",  "$HOME",       "*",     "\xc3\xa4"};
  Words command = {probe("print_args")};
  command.insert(command.end(), words.begin(), words.end());
  const Run run = run_target({}, command);
  expect_ok(run);
  CHECK(run.stdout_bytes() == netstrings(words));
}

TEST_CASE("command: two hundred long arguments arrive exactly") {
  Words words;
  for (int i = 0; i < 200; ++i) {
    words.push_back(std::string(300, static_cast<char>('a' + i % 26)));
  }
  Words command = {probe("print_args")};
  command.insert(command.end(), words.begin(), words.end());
  const Run run = run_target({}, command);
  expect_ok(run);
  CHECK(run.stdout_bytes() == netstrings(words));
}

TEST_CASE("command: without two dashes the programs own options stay its own") {
  const Run run = run_sandbox({"run", "--wall-time", "20s", probe("print_args"), "--memory", "x"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == netstrings({"--memory", "x"}));
}

TEST_CASE("command: the environment is the profiles and nothing of the caller") {
  Options options;
  options.env = {{"SECRET_TOKEN", "hunter2"}, {"LD_PRELOAD_X", "1"}, {"TZ", "Asia/Tokyo"}};
  Run run = run_target({}, {probe("print_args"), "-e"}, options);
  expect_ok(run);
  CHECK_FALSE(contains(run.stdout_bytes(), "SECRET"));
  CHECK_FALSE(contains(run.stdout_bytes(), "hunter2"));
  CHECK_FALSE(contains(run.stdout_bytes(), "LD_PRELOAD_X"));
  CHECK(contains(run.stdout_bytes(), ":PATH="));
  run = run_target({"--env", "A=one\ntwo", "--env", "EMPTY=", "--env-pass", "SECRET_TOKEN"},
                   {probe("print_args"), "-e"}, options);
  expect_ok(run);
  CHECK(contains(run.stdout_bytes(), "9:A=one\ntwo,"));
  CHECK(contains(run.stdout_bytes(), "6:EMPTY=,"));
  CHECK(contains(run.stdout_bytes(), "20:SECRET_TOKEN=hunter2,"));
  CHECK_FALSE(contains(run.stdout_bytes(), "LD_PRELOAD_X"));
}

TEST_CASE("command: a program with a slash is the callers file") {
  const TempDirectory directory;
  directory.write("script", "#!/bin/sh\necho \"script: $1\"\nexit 5\n", 0755);
  Options options;
  options.directory = directory.path();
  const Run run = run_target({}, {"./script", "word"}, options);
  expect_exited(run, 5);
  CHECK(run.stdout_bytes() == "script: word\n");
  const Run absolute = run_target({}, {directory.path() + "/script", "again"}, options);
  expect_exited(absolute, 5);
  CHECK(absolute.stdout_bytes() == "script: again\n");
}

TEST_CASE("command: a script whose interpreter is missing is an error and names it") {
  const TempDirectory directory;
  directory.write("script", "#! /no/such/interpreter -x\n", 0755);
  directory.write("via", "#!/workspace/script\n", 0755);
  Options options;
  options.directory = directory.path();
  const auto expect_missing = [](const Run& run, const char* what) {
    expect_status(run, "error", 127);
    INFO(run.describe());
    CHECK(run.document.at("error.tag").text() == "program.not_found");
    CHECK(contains(run.document.at("error.message").text(), what));
  };
  expect_missing(run_target({}, {"./script"}, options), "interpreter \"/no/such/interpreter\"");
  expect_missing(run_target({"--workspace", "ro"}, {"./via"}, options),
                 "interpreter \"/no/such/interpreter\"");
  expect_missing(run_target({"--root", "empty"}, {probe("hello")}, options),
                 "dynamic loader \"/lib");
  const std::string shell = directory.write("shell", "#!/bin/sh\necho $0\n", 0755);
  expect_missing(run_target({"--root", "empty"}, {shell}, options), "interpreter \"/bin/sh\"");
}

TEST_CASE("command: a script that others may not read runs") {
  const TempDirectory directory;
  REQUIRE(chmod(directory.path().c_str(), 0700) == 0);
  const std::string script = directory.write("script", "#!/bin/sh\necho $0\n", 0711);
  const Run run = run_target({}, {script});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "/workspace/script\n");
}

TEST_CASE("command: a script of env finds its interpreter on PATH inside") {
  require("python3");
  const TempDirectory directory;
  const std::string script =
      directory.write("script", "#!/usr/bin/env python3\nprint(6 * 7)\n", 0755);
  const Run run = run_target({"--env", "PATH=/usr/bin:/bin"}, {script});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "42\n");
}

TEST_CASE("command: what may not be executed says why") {
  const TempDirectory place;
  const std::string program = place.write("program", read_file(probe("minimal")), 0700);
  const Run closed = run_target({"--mount", place.path() + ":/opt/p"}, {program});
  expect_status(closed, "error", 126);
  CHECK(closed.document.at("error.errno").text() == "EACCES");
  CHECK(contains(closed.document.at("error.hint").text(), "chmod o+rx"));
}

TEST_CASE("command: a bare name is searched inside and then in the callers directory") {
  const TempDirectory directory;
  directory.write("my-own-program", "#!/bin/sh\necho mine\n", 0755);
  directory.write("true", "#!/bin/sh\necho not me\n", 0755);
  Options options;
  options.directory = directory.path();
  Run run = run_target({}, {"my-own-program"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "mine\n");
  run = run_target({}, {"true"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes().empty());
}

TEST_CASE("command: programs on PATH and dynamic programs run") {
  Run run = run_target({}, {"ls", "/"});
  expect_ok(run);
  CHECK(contains(run.stdout_bytes(), "usr\n"));
  run = run_target({}, {"sh", "-c", "echo $((6 * 7)) | cat"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "42\n");
  run = run_target({}, {probe("hello"), "x", "y"});
  expect_exited(run, 2);
  CHECK(run.stdout_bytes() == "hello from a dynamic program\n");
}

TEST_CASE("command: a program readable by its owner alone runs") {
  const TempDirectory directory;
  REQUIRE(chmod(directory.path().c_str(), 0700) == 0);
  directory.write("private", read_file(probe("minimal")), 0700);
  directory.write("only_execute", read_file(probe("minimal")), 0100);
  Options options;
  options.directory = directory.path();
  for (const char* name : {"./private", "./only_execute"}) {
    const Run run = run_target({}, {name}, options);
    expect_ok(run);
    CHECK(run.stdout_bytes() == "minimal\n");
  }
}

TEST_CASE("command: the callers program file is not changed and not writable") {
  const TempDirectory directory;
  const std::string file = directory.write("self", "#!/bin/sh\necho x >> \"$0\"\n", 0777);
  const std::string before = read_file(file);
  const Run run = run_target({}, {file});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "exited");
  CHECK(read_file(file) == before);
}

TEST_CASE("result: a file") {
  const TempDirectory directory;
  const std::string file = directory.path() + "/result.json";
  const Run run = run_target({"--result", file}, {"echo", "hi"});
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(run.out.empty());
  const Document document = Document::parse(read_file(file));
  REQUIRE(document.is_present());
  CHECK(document.at("status").text() == "ok");
  CHECK(document.bytes("stdout") == "hi\n");
}

TEST_CASE("result: a descriptor") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Options options;
  options.fds = {{7, ends[1]}};
  const Run run = run_target({"--result", "fd:7"}, {probe("list_fds")}, options);
  close(ends[1]);
  std::string text(1 << 16, '\0');
  const ssize_t n = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  CHECK(run.exit_status == 0);
  CHECK(run.out.empty());
  const Document document = Document::parse(text);
  REQUIRE(document.is_present());
  CHECK(document.at("status").text() == "ok");
  CHECK_FALSE(contains(document.bytes("stdout"), "open 7"));
}

TEST_CASE("result: stdout and stderr to files") {
  const TempDirectory directory;
  const std::string out = directory.path() + "/out";
  const std::string err = directory.path() + "/err";
  const Run run = run_target({"--stdout", out, "--stderr", err},
                             {"sh", "-c", "printf 'a\\0b'; printf oops >&2"});
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  CHECK(read_file(out) == std::string("a\0b", 3));
  CHECK(read_file(err) == "oops");
  const Run both = run_target({"--stderr", "stdout"}, {"sh", "-c", "echo a; echo b >&2; echo c"});
  expect_ok(both);
  CHECK(both.stdout_bytes() == "a\nb\nc\n");
}

TEST_CASE("result: pass shows output as it comes and keeps the exit status") {
  Options options;
  options.input = "not read\n";
  Run run = run_target({"--pass"}, {"sh", "-c", "cat; echo out; echo err >&2; exit 3"}, options);
  INFO(run.describe());
  CHECK(run.exit_status == 3);
  CHECK(run.out == "out\n");
  CHECK(run.err == "err\n");
  run = run_target({"--pass", "--wall-time", "200ms"}, {"sleep", "10"});
  CHECK(run.exit_status == 124);
  CHECK(run.out.empty());
  CHECK(lines_of(run.err).size() == 1);
}
