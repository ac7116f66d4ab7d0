// Two runs, at once and one after the other: no bit goes from one to the other.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "harness.h"

using namespace sbtest;

namespace {

// A file that both runs see and neither may write, as those of /usr are.
class Shared {
 public:
  Shared() { directory_.write("file", "text\n", 0644); }
  Words options(const std::string& profile) const {
    return {"--profile", profile,   "--wall-time",
            "20s",       "--mount", directory_.path() + ":/opt/shared:ro",
            "--net",     "loopback"};
  }
  std::string file() const { return directory_.path() + "/file"; }

 private:
  TempDirectory directory_;
};

// The channels on which `text` has a 1.
std::set<std::string> bits_in(const std::string& text) {
  std::set<std::string> names;
  for (const std::string& line : lines_of(text)) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos && line.substr(equals + 1) == "1") {
      names.insert(line.substr(0, equals));
    }
  }
  return names;
}

// What a run sees of another one that says 1 wherever it can, on `file` inside.
std::set<std::string> bits_between_runs(const Shared& shared, const std::string& profile,
                                        const std::string& file) {
  Words sending = {"run", "--pass"};
  for (const std::string& word : shared.options(profile)) {
    sending.push_back(word);
  }
  for (const std::string& word : Words{"--", probe("channel"), "send", file}) {
    sending.push_back(word);
  }
  Running sender(sending);
  sender.wait_for_output("ready\n");
  const Run receiver = run_target(shared.options(profile), {probe("channel"), "receive", file});
  expect_ok(receiver);
  CHECK(lines_of(receiver.stdout_bytes()).size() == 17);
  sender.send_signal(SIGTERM);
  const Run sent = sender.finish();
  CHECK_FALSE(contains(sent.out, "signalled"));
  return bits_in(receiver.stdout_bytes());
}

const std::set<std::string> shared_file_channels = {"flock", "ofd_lock", "posix_lock", "inotify",
                                                    "dnotify"};

}  // namespace

TEST_CASE("p13 channels: the probe sees all of them within one run") {
  const Shared shared;
  const Run run =
      run_target(shared.options("default"), {probe("channel"), "both", "/opt/shared/file"});
  expect_ok(run);
  INFO(run.stdout_bytes());
  const std::set<std::string> seen = bits_in(run.stdout_bytes());
  // Keyrings are closed inside one run, too.
  CHECK(seen.size() == 16);
  CHECK_FALSE(seen.contains("keyring"));
}

// Red: leave CLONE_NEWIPC out of clone_flags of launch/launch.cc.
TEST_CASE("p13 channels: two runs at once tell each other nothing") {
  const Shared shared;
  for (const char* profile :
       {"c", "go", "cpp", "rust", "java", "node", "python", "perl", "shell"}) {
    for (const char* file : {"/opt/shared/file", "/usr/bin/env"}) {
      CAPTURE(profile);
      CAPTURE(file);
      CHECK(bits_between_runs(shared, profile, file) == std::set<std::string>{});
    }
  }
}

// decisions/0016: build tools lock their own files; the man page says so.
TEST_CASE("p13 channels: in compile two runs at once have flock only") {
  const Shared shared;
  for (const std::string& name : bits_between_runs(shared, "compile", "/opt/shared/file")) {
    CAPTURE(name);
    CHECK(name == "flock");
  }
}

// decisions/0016: open in the profile for all kinds of programs, and named in the man page.
TEST_CASE("p13 channels: in default two runs at once have shared files only") {
  const Shared shared;
  for (const std::string& name : bits_between_runs(shared, "default", "/opt/shared/file")) {
    CAPTURE(name);
    CHECK(shared_file_channels.contains(name));
  }
}

TEST_CASE("p13 channels: two runs one after the other tell each other nothing") {
  const Shared shared;
  for (const char* profile : {"default", "c"}) {
    Words options = shared.options(profile);
    options.insert(options.end(), {"--wall-time", "300ms"});
    const Run sender = run_target(options, {probe("channel"), "send", "/opt/shared/file"});
    expect_limit(sender, "wall_time_limit", "wall_time", 124);
    CHECK(contains(sender.stdout_bytes(), "ready\n"));
    const Run receiver =
        run_target(shared.options(profile), {probe("channel"), "receive", "/opt/shared/file"});
    expect_ok(receiver);
    CHECK(bits_in(receiver.stdout_bytes()) == std::set<std::string>{});
  }
}

TEST_CASE("p13 channels: strict has no locks and no notifications") {
  const Words calls[] = {{"73", "0", "2"},                       // flock
                         {"294", "0"},                           // inotify_init1
                         {"72", "0", "36", "z:64"},              // fcntl F_OFD_GETLK
                         {"72", "0", "5", "z:64"},               // F_GETLK
                         {"72", "0", "0xdead00000006", "z:64"},  // F_SETLK
                         {"72", "0", "1026", "1"}};              // F_NOTIFY
  for (const Words& call : calls) {
    CAPTURE(call.front());
    Words command = {probe("call_syscall")};
    command.insert(command.end(), call.begin(), call.end());
    const Run run = run_target({"--profile", "strict"}, command);
    INFO(run.describe());
    const bool killed = run.document.at("status").text() == "syscall_violation";
    CHECK((killed || contains(run.stdout_bytes(), "ret=-1")));
  }
}

TEST_CASE("p13 channels: reading a shared file leaves no time stamp") {
  const Shared shared;
  const timespec old[2] = {{1'000'000'000, 0}, {1'100'000'000, 0}};
  REQUIRE(utimensat(AT_FDCWD, shared.file().c_str(), old, 0) == 0);
  const Run run = run_target(shared.options("default"), {"cat", "/opt/shared/file"});
  expect_ok(run);
  struct stat status = {};
  REQUIRE(stat(shared.file().c_str(), &status) == 0);
  CHECK(status.st_atim.tv_sec == 1'000'000'000);
}

// Kernel: past a soft limit of pages per user, new pipes are small; two runs on one id would see
// each other's pipes that way (decisions/0019).
TEST_CASE("p13 channels: the pipes of one run do not shrink those of another") {
  require("root");  // an ordinary user's runs all have that user's id
  Running hoarder({"run", "--pass", "--wall-time", "20s", "--open-files", "4000", "--", "python3",
                   "-c",
                   "import os,time\n"
                   "p=[os.pipe() for i in range(1500)]\n"
                   "print('ready',flush=True)\n"
                   "time.sleep(60)"});
  hoarder.wait_for_output("ready\n");
  const Run run =
      run_target({"--wall-time", "20s"},
                 {"python3", "-c", "import fcntl,os\nprint(fcntl.fcntl(os.pipe()[0], 1032))"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "65536\n");
  hoarder.send_signal(SIGTERM);
  (void)hoarder.finish();
}
