#include "policy/check.h"

#include <algorithm>
#include <string>
#include <vector>

#include "policy/resolve_syscalls.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using namespace sb::policy;

namespace {

// What a program needs, so that nothing else is found.
constexpr const char* start = R"([syscalls]
default = "kill"
)";

std::vector<std::string> findings(const std::string& text) {
  const Result<Profile> profile = parse_profile(text, "p.toml");
  REQUIRE_MESSAGE(profile, (profile ? "" : profile.error().to_line()));
  std::vector<std::string> lines;
  for (const Finding& finding : check_profile(*profile, "p.toml")) {
    CHECK(finding.origin.line > 0);
    lines.push_back(finding.origin.to_string() + (finding.is_error ? ": error: " : ": warning: ") +
                    finding.text);
  }
  return lines;
}

bool has(const std::vector<std::string>& lines, const std::string& wanted) {
  const bool found = std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(wanted) != std::string::npos;
  });
  if (!found) {
    for (const std::string& line : lines) {
      MESSAGE(line);
    }
  }
  return found;
}

// The findings of two lists on lines 3 and 4.
std::vector<std::string> of_lists(const std::string& allow, const std::string& deny) {
  return findings(start + ("allow = [" + allow + "]\ndeny = [" + deny + "]\n"));
}

}  // namespace

TEST_CASE("check: the built-in profiles are clean") {
  for (const std::string& name : builtin_profile_names()) {
    const Result<Profile> profile = load_profile(name);
    REQUIRE(profile);
    for (const Finding& finding : check_profile(*profile, name)) {
      FAIL_CHECK(name << ": " << finding.origin.to_string() << ": " << finding.text);
    }
  }
}

// Red: compare no actions.
TEST_CASE("check: entries that contradict each other") {
  CHECK(has(of_lists("\"@base\", \"write\"", R"({ name = "write", action = "kill" })"),
            "p.toml:4:9: error: write is killed here and allowed at p.toml:3:19: only one"));
  CHECK(has(of_lists(R"({ name = "fcntl", args = [{ index = 1, in = [1, 2] }] })",
                     R"({ name = "fcntl", args = [{ index = 1, in = [2, 3] }] })"),
            "p.toml:4:9: error: fcntl is killed here and allowed at p.toml:3:10 for the same"));
  CHECK(has(of_lists("\"@base\"", "\"@signal\""), "p.toml:4:9: error: @signal and @base"));
  CHECK(has(
      of_lists(R"({ name = "socket", args = [{ index = 0, eq = 1 }, { index = 0, eq = 2 }] })", ""),
      "error: this test of socket can never hold"));
  CHECK(has(of_lists(R"({ name = "dup", args = [{ index = 1, eq = 1 }] })", ""),
            "error: dup has no arg1"));
}

// Whatever keeps a profile from running is an error here.
TEST_CASE("check: what resolve refuses is an error") {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"\"read\"", "\"read\""},
      {"\"@base\"", "\"@signal\""},
      {R"({ name = "dup", args = [{ index = 0, eq = 1 }] })",
       R"({ name = "dup", args = [{ index = 0, masked = { mask = 3, value = 1 } }] })"},
  };
  for (const auto& [allow, deny] : rows) {
    const auto profile = parse_profile(
        std::string(start) + "allow = [" + allow + "]\ndeny = [" + deny + "]\n", "p.toml");
    REQUIRE(profile);
    CHECK_FALSE(resolve_syscalls(*profile));
    CHECK(has(of_lists(allow, deny), ": error: "));
  }
}

TEST_CASE("check: entries that never decide") {
  CHECK(has(of_lists("\"read\", \"write\", \"read\"", ""),
            "p.toml:3:27: warning: read is there twice, first at p.toml:3:10"));
  CHECK(has(of_lists("\"@base\", \"@io-event\", \"@base\"", ""),
            "p.toml:3:32: warning: @base is there twice, first at p.toml:3:10"));
  CHECK(has(of_lists(R"("fcntl", { name = "fcntl", args = [{ index = 1, eq = 1 }] })", ""),
            "p.toml:3:19: warning: this test of fcntl makes no difference: allowed whatever"));
  CHECK(has(of_lists(R"({ name = "openat", args = [{ index = 2, eq = 0 }] },
 { name = "openat", args = [{ index = 2, eq = 0 }, { index = 3, eq = 5 }] })",
                     ""),
            "p.toml:4:2: warning: this test of openat never decides: p.toml:3:10 holds"));
  CHECK(
      has(of_lists(R"("sync", "syncfs", "fsync", "fdatasync", "msync", "sync_file_range", "@sync")",
                   ""),
          "@sync never decides: each of its calls has an entry of its own"));
  // Many equal entries are not many times as many findings.
  std::string many;
  for (int i = 0; i < 2'000; ++i) {
    many += "\"read\",";
  }
  CHECK(of_lists(many, "").size() < 2'010);
}

// Red: ask for mask bits of the low half.
TEST_CASE("p9 check: a refusal that looks at the high bits") {
  const auto wide = [](const std::string& name, const std::string& index) {
    return of_lists("\"" + name + "\"", "{ name = \"" + name + "\", args = [{ index = " + index +
                                            ", eq = \"TIOCSTI\", wide = true }] }");
  };
  CHECK(has(wide("ioctl", "1"), "p.toml:4:9: error: arg1 of ioctl is an int: setting its high"));
  CHECK(has(wide("ioctl", "1"), "warning: ioctl is allowed with TIOCSTI and a high bit"));
  CHECK(has(wide("mmap", "1"), "p.toml:4:9: warning: this refusal of mmap tests the high"));
  const auto narrow = of_lists(
      "\"ioctl\"",
      R"({ name = "ioctl", args = [{ index = 1, in = ["TIOCSTI", "TIOCLINUX"] }], action = "kill" })");
  CHECK(std::none_of(narrow.begin(), narrow.end(), [](const std::string& line) {
    return line.find("ioctl") != std::string::npos;
  }));
}

TEST_CASE("p8 check: terminals that can be typed into") {
  CHECK(has(of_lists("\"@base\"", ""), "p.toml:3:10: warning: ioctl is allowed with TIOCSTI"));
}

TEST_CASE("p11 check: what no filter can read") {
  const std::string tested = R"({ name = "clone", args = [{ index = 0, eq = 17 }] }, )";
  CHECK(has(of_lists(tested + "\"clone3\"", ""), "error: clone3 is allowed, and its flags"));
  CHECK(has(of_lists("\"clone\"", R"({ name = "clone3", action = "errno EPERM" })"),
            "p.toml:4:9: error: clone is allowed and clone3 is errno EPERM"));
  CHECK(has(of_lists(R"("openat2", { name = "openat", args = [{ index = 2, eq = 0 }] })", ""),
            "p.toml:3:10: error: openat2 is allowed, and its flags"));
  CHECK(has(of_lists("\"io_uring_setup\"", ""), "warning: io_uring_setup is allowed"));
}

TEST_CASE("p12 check: newer calls that do not look absent") {
  CHECK(has(findings("[syscalls]\ndefault = \"errno EPERM\"\nallow = [\"@base\"]\n"),
            "p.toml:2:11: warning: a default of errno EPERM is also"));
  CHECK(has(of_lists("\"faccessat\"", R"({ name = "faccessat2", action = "errno EPERM" })"),
            "p.toml:4:9: warning: faccessat2 is errno EPERM and faccessat is allowed"));
}

TEST_CASE("check: calls that go together") {
  CHECK(has(of_lists("\"openat\"", "\"open\""), "p.toml:4:9: warning: open is killed and openat"));
  CHECK(has(of_lists("\"open\"", "\"openat\""), "warning: openat is killed and open, which"));
  CHECK(has(of_lists("\"fork\"", "\"execve\""),
            "p.toml:4:9: warning: execve is killed and processes"));
  CHECK(has(of_lists("\"read\"", ""), "error: exit or exit_group is not allowed"));
  CHECK(has(findings("description = \"nothing\"\n"), "p.toml:1:1: error: exit or exit_group"));
}

TEST_CASE("check: limits that can not hold together") {
  const auto limits = [](const std::string& text) { return findings("[limits]\n" + text + "\n"); };
  CHECK(has(
      limits("wall_time = 1\ncpu_time = 3\ncpus = 2.5"),
      "p.toml:3:12: warning: cpu_time (3 s) can't be reached: wall_time (1 s) on at most 2.500"));
  CHECK(has(limits("wall_time = 1\ncpu_time = 3\ncpu_set = \"0-1\""), "on at most 2.000 CPUs"));
  CHECK(has(limits("wall_time = 1\ncpu_time = 3\nprocesses = 2"), "on at most 2.000 CPUs"));
  CHECK(
      has(limits("file_size = 2\ndisk = 1"), "p.toml:2:13: warning: file_size (2 bytes) is more"));
  CHECK(has(limits("disk = \"2M\"\nmemory = \"1M\""), "warning: disk (2 MiB) is more than memory"));
  CHECK(
      has(limits("stack = \"2M\"\nmemory = \"1M\""), "warning: stack (2 MiB) is more than memory"));
  CHECK(
      has(limits("cpus = 3\ncpu_set = \"0,5\""), "p.toml:2:8: warning: cpus is more than cpu_set"));
  CHECK(has(limits("open_files = 3"), "warning: open_files below 4"));
  const auto count = [&](const std::string& text) { return limits(text).size(); };
  CHECK(count("wall_time = 1\ncpu_time = 2\nprocesses = 2\nfile_size = 1\ndisk = 1") == count(""));
  CHECK(count("file_size = 2\ndisk = 1\n[files]\nworkspace = \"rw\"") == count(""));
  CHECK(count("wall_time = \"none\"\ncpu_time = 9\ncpus = 1\nmemory = \"none\"\ndisk = 5") ==
        count(""));
}
