#include "policy/profile_keys.h"

#include <array>

#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

const Origin option{"--memory", 0, 0};

Result<Done> set(Profile& profile, std::string_view key, std::string_view text) {
  return set_option(profile, key, text, option);
}

// The message of the error that this value gives as an option.
std::string refused(std::string_view key, std::string_view text) {
  Profile profile;
  const Result<Done> result = set(profile, key, text);
  if (result) {
    return "";
  }
  CHECK(result.error().tag() == Tag::usage);
  return result.error().message();
}

}  // namespace

TEST_CASE("keys: limits take amounts in their own units") {
  Profile profile;
  REQUIRE(set(profile, "limits.wall_time", "1m30s"));
  REQUIRE(set(profile, "limits.memory", "64M"));
  REQUIRE(set(profile, "limits.processes", "7"));
  REQUIRE(set(profile, "limits.output", "0"));
  REQUIRE(set(profile, "limits.cpus", "1.5"));
  REQUIRE(set(profile, "limits.cpu_set", "0-1,3"));
  REQUIRE(set(profile, "limits.on_output_limit", "truncate"));
  CHECK(profile.limits.wall_time_ns->value == 90'000'000'000);
  CHECK(profile.limits.memory_bytes->value == 64 << 20);
  CHECK(profile.limits.processes->value == 7);
  CHECK(profile.limits.output_bytes->value == 0);
  CHECK(profile.limits.cpus_millis->value == 1'500);
  CHECK(profile.limits.cpu_set->value == "0-1,3");
  CHECK(profile.limits.on_output_limit->value == OnOutputLimit::truncate);
  CHECK(profile.limits.memory_bytes->origin.to_string() == "--memory");
}

TEST_CASE("keys: none switches every limit off") {
  for (const Key& key : all_keys()) {
    if (key.name.starts_with("limits.") && key.name != "limits.on_output_limit") {
      Profile profile;
      CAPTURE(key.name);
      CHECK(set(profile, key.name, "none"));
    }
  }
  Profile profile;
  REQUIRE(set(profile, "limits.memory", "none"));
  REQUIRE(profile.limits.memory_bytes.has_value());
  CHECK_FALSE(profile.limits.memory_bytes->value.has_value());
}

TEST_CASE("keys: a bad amount names the option and the form") {
  CHECK(refused("limits.memory", "-1") ==
        "--memory: \"-1\" is not a size above 0 (at most 2^60): write 64K, 256M, 1G, 500MB, plain "
        "bytes, or none");
  for (const std::string_view text : {"-1", "99999999T", "abc", "0", "", "none "}) {
    CAPTURE(text);
    CHECK(refused("limits.memory", text) != "");
    CHECK(refused("limits.disk", text) != "");
    CHECK(refused("limits.stack", text) != "");
    CHECK(refused("limits.wall_time", text) != "");
    CHECK(refused("limits.cpu_time", text) != "");
    CHECK(refused("limits.processes", text) != "");
    CHECK(refused("limits.open_files", text) != "");
    CHECK(refused("limits.cpus", text) != "");
  }
  CHECK(refused("limits.processes", "4194305") != "");
  CHECK(refused("limits.processes", "1.5") != "");
  CHECK(refused("limits.cpus", "0.001") != "");
  CHECK(refused("limits.cpus", "2s") != "");
  CHECK(refused("limits.on_output_limit", "ignore") != "");
}

TEST_CASE("keys: sets of CPUs") {
  for (const std::string_view text :
       {"", ",", "0,", ",0", "1-0", "a", "0--1", "0-", "-1", "0-1-2", "9999"}) {
    CAPTURE(text);
    CHECK(refused("limits.cpu_set", text) != "");
  }
  for (const std::string_view text : {"0", "0,1", "0-3", "0-3,5,7-8"}) {
    CAPTURE(text);
    CHECK(refused("limits.cpu_set", text) == "");
  }
}

TEST_CASE("keys: the value of an option is quoted on one line") {
  CHECK(refused("limits.memory", "\n\x1b[31m").starts_with("--memory: \"\\x0a\\x1b[31m\" is not"));
  CHECK(refused("limits.memory", std::string_view("1\0", 2)).starts_with("--memory: \"1\\x00\""));
}

TEST_CASE("keys: unknown ones name the nearest") {
  CHECK(refused("limits.memry", "1") ==
        "--memory: no key \"limits.memry\"; did you mean \"limits.memory\"?");
}

TEST_CASE("keys: mounts are SRC:DST:MODE and append") {
  Profile profile;
  REQUIRE(set(profile, "files.mounts", "/a:/b:ro"));
  REQUIRE(set(profile, "files.mounts", "c:/d:rw"));
  REQUIRE(set(profile, "files.mounts", "e:/f"));
  REQUIRE(profile.files.mounts.size() == 3);
  CHECK(profile.files.mounts[0].value.target == "/b");
  CHECK(profile.files.mounts[1].value.mode == MountMode::read_write);
  CHECK(profile.files.mounts[2].value.mode == MountMode::read_only);
  REQUIRE(set(profile, "files.mounts", "/other:/b:rw"));
  REQUIRE(profile.files.mounts.size() == 3);
  CHECK(profile.files.mounts[2].value.source == "/other");
  for (const std::string_view text : {"", "/a", "/a:", ":/b", "/a:/b:", "/a:/b:rx", "/a:b:ro",
                                      "/a:/:ro", "/a:/b/../c:ro", "/a:/b//c", "/a:/b/./c"}) {
    CAPTURE(text);
    CHECK(refused("files.mounts", text) != "");
  }
}

TEST_CASE("keys: workspace modes") {
  Profile profile;
  REQUIRE(set(profile, "files.workspace", "cow:some/dir"));
  CHECK(profile.files.workspace->value.mode == WorkspaceMode::copy_on_write);
  CHECK(profile.files.workspace->value.source == "some/dir");
  REQUIRE(set(profile, "files.workspace", "rw"));
  CHECK(profile.files.workspace->value.source.empty());
  for (const std::string_view text : {"", "scratch:/a", "cow:", "tmp", "RO"}) {
    CAPTURE(text);
    CHECK(refused("files.workspace", text) != "");
  }
}

TEST_CASE("keys: the tables of files and environment and network and clock") {
  Profile profile;
  REQUIRE(set(profile, "files.root", "empty"));
  CHECK(profile.files.root->value.kind == RootKind::empty);
  REQUIRE(set(profile, "files.root", "./rootfs"));
  CHECK(profile.files.root->value.path == "./rootfs");
  REQUIRE(set(profile, "files.tmpfs", "/cache"));
  REQUIRE(set(profile, "files.put", "a.zip:/workspace"));
  REQUIRE(set(profile, "files.get", "/workspace/out.txt:out.txt"));
  REQUIRE(set(profile, "files.directory", "/"));
  REQUIRE(set(profile, "environment.set", "A=B=C"));
  REQUIRE(set(profile, "environment.set", "A="));
  REQUIRE(set(profile, "environment.pass", "TZ"));
  REQUIRE(set(profile, "environment.keep", "true"));
  REQUIRE(set(profile, "network.mode", "none"));
  REQUIRE(set(profile, "clock.mode", "virtual"));
  REQUIRE(set(profile, "clock.start", "2030-01-01"));
  REQUIRE(set(profile, "clock.virtual_stdin", "wait"));
  CHECK(profile.clock.virtual_stdin->value == VirtualStdin::wait);
  CHECK(refused("clock.start", "soon") != "");
  CHECK(refused("clock.virtual_stdin", "open") != "");
  CHECK(profile.environment.set.at("A").value.empty());
  CHECK(profile.environment.keep->value);
  CHECK(profile.network_mode->value == NetworkMode::none);
  CHECK(refused("files.root", "hosts") != "");
  CHECK(refused("files.tmpfs", "cache") != "");
  CHECK(refused("files.directory", "here") != "");
  CHECK(refused("files.get", "out.txt:out.txt") != "");
  CHECK(refused("environment.set", "A") != "");
  CHECK(refused("environment.set", "=A") != "");
  CHECK(refused("environment.pass", "A=B") != "");
  CHECK(refused("environment.keep", "yes") != "");
  CHECK(refused("network.mode", "bridge") != "");
  CHECK(refused("clock.mode", "fast") != "");
}

TEST_CASE("keys: actions of system calls") {
  Profile profile;
  REQUIRE(set(profile, "syscalls.on_violation", "errno"));
  CHECK(profile.syscalls.on_violation->value == SyscallAction{ActionKind::err, 1});
  REQUIRE(set(profile, "syscalls.on_violation", "log"));
  CHECK(profile.syscalls.on_violation->value == SyscallAction{ActionKind::notify, 0});
  REQUIRE(set(profile, "syscalls.default", "errno ENOSYS"));
  CHECK(profile.syscalls.default_action->value == SyscallAction{ActionKind::err, 38});
  for (const std::string_view text : {"", "allow", "errno EWHAT", "errno 1", "trap"}) {
    CAPTURE(text);
    CHECK(refused("syscalls.on_violation", text) != "");
    CHECK(refused("syscalls.default", text) != "");
  }
}
