#include "policy/profile.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "base/sha256.h"

using namespace sb;
using namespace sb::policy;

namespace {

// A folder of profiles that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "profiles.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

 private:
  std::filesystem::path path_;
};

Error parse_error(std::string_view text) {
  const Result<Profile> profile = parse_profile(text, "p.toml");
  REQUIRE_FALSE(profile);
  return profile.error();
}

}  // namespace

TEST_CASE("profile: the example of the contract is read whole") {
  const Result<Profile> profile = parse_profile(R"(
schema      = "sandbox.profile/v1"
extends     = "default"
description = "Go programs"
[limits]
wall_time = "10s"
memory    = "512MiB"
processes = 64
open_files = 256
on_output_limit = "stop"
[files]
root   = "host"
workspace = { mode = "cow", source = "src" }
mounts = [{ source = "/opt/go", target = "/opt/go", mode = "ro" }, "/a:/b:rw"]
put    = [{ source = "a.zip", target = "/workspace", extract = true }]
get    = [{ source = "/workspace/out.txt", target = "out.txt", max = "1MiB" }]
[network]
mode = "loopback"
[syscalls]
default = "kill"
allow   = ["@base", { name = "socket", args = [{ index = 0, in = ["AF_UNIX", "AF_INET"] }], why = "servers" }]
deny    = [{ name = "ptrace", action = "errno EPERM", why = "debuggers" }]
[environment]
clear = true
set   = { PATH = "/bin", HOME = "/workspace" }
pass  = ["TZ"]
[clock]
mode = "real"
)",
                                                "p.toml");
  REQUIRE(profile);
  CHECK(profile->limits.wall_time_ns->value == 10'000'000'000);
  CHECK(profile->limits.processes->value == 64);
  CHECK(profile->limits.processes->origin.to_string() == "p.toml:8:13");
  CHECK(profile->files.workspace->value.mode == WorkspaceMode::copy_on_write);
  CHECK(profile->files.workspace->value.source == "src");
  REQUIRE(profile->files.mounts.size() == 2);
  CHECK(profile->files.mounts[1].value.mode == MountMode::read_write);
  CHECK(profile->files.put[0].value.extract);
  CHECK(profile->files.get[0].value.max_bytes == 1 << 20);
  REQUIRE(profile->syscalls.layers.size() == 1);
  const SyscallLayer& layer = profile->syscalls.layers[0];
  REQUIRE(layer.allow.size() == 2);
  REQUIRE(layer.allow[1].args[0].any_of.size() == 2);
  CHECK(layer.allow[1].args[0].any_of[1].value == 2);
  CHECK(layer.deny[0].action == SyscallAction{ActionKind::err, 1});
  CHECK(layer.deny[0].why == "debuggers");
  CHECK(layer.deny[0].origin.to_string() == "p.toml:22:12");
  CHECK(profile->environment.set.at("HOME").value == "/workspace");
  CHECK(profile->environment.pass[0].value == "TZ");
}

TEST_CASE("profile: a bad value has its place and key") {
  const Error error = parse_error("[limits]\n  memory = \"abc\"\n");
  CHECK(error.tag() == Tag::profile_value);
  CHECK(error.message().starts_with("p.toml:2:12: limits.memory: \"abc\" is not a size"));
  CHECK(parse_error("[limits]\nmemory = -1\n")
            .message()
            .starts_with("p.toml:2:10: limits.memory: \"-1\""));
  CHECK(parse_error("[limits]\nmemory = 0\n").tag() == Tag::profile_value);
  CHECK(parse_error("[limits]\nmemory = [1]\n").tag() == Tag::profile_value);
  CHECK(parse_error("[limits]\nmemory = { a = 1 }\n").tag() == Tag::profile_value);
  CHECK(parse_error("[limits]\nmemory = \"1\\u0000\"\n").tag() == Tag::profile_value);
  CHECK(parse_error("limits = 1\n").tag() == Tag::profile_value);
  CHECK(parse_error("schema = \"sandbox.profile/v2\"\n").tag() == Tag::profile_value);
  CHECK(parse_error("[files]\nmounts = \"/a:/b:ro\"\n").tag() == Tag::profile_value);
  CHECK(parse_error("[files]\nworkspace = { source = \"x\" }\n").tag() == Tag::profile_value);
  CHECK(parse_error("[environment]\nset = \"A=B\"\n").tag() == Tag::profile_value);
  CHECK(parse_error("[environment]\nset = { \"A=B\" = \"C\" }\n").tag() == Tag::profile_value);
  CHECK(parse_error("[environment]\nset = { A = [1] }\n").tag() == Tag::profile_value);
}

TEST_CASE("profile: an unknown key has its place and the nearest name") {
  const Error error = parse_error("[limits]\nmemory = 1\n memry = 1\n");
  CHECK(error.tag() == Tag::profile_unknown_key);
  CHECK(error.message() == "p.toml:3:2: no key \"limits.memry\"; did you mean \"limits.memory\"?");
  CHECK(parse_error("[limit]\nmemory = 1\n").message() ==
        "p.toml:1:2: no key \"limit\"; did you mean \"limits\"?");
  CHECK(parse_error("memory = 1\n").message() ==
        "p.toml:1:1: no key \"memory\"; did you mean \"limits.memory\"?");
  CHECK(parse_error("[files]\nmounts = [{ sorce = \"a\", target = \"/b\" }]\n").message() ==
        "p.toml:2:13: no key \"files.mounts.sorce\"; did you mean \"files.mounts.source\"?");
  CHECK(parse_error("\"limits.memory\" = 1\n").tag() == Tag::profile_unknown_key);
}

TEST_CASE("profile: an unknown call or group has its place and the nearest name") {
  const Error error = parse_error("[syscalls]\nallow = [\"read\", \"wirte\"]\n");
  CHECK(error.tag() == Tag::profile_unknown_syscall);
  CHECK(error.message() == "p.toml:2:18: no system call \"wirte\"; did you mean \"write\"?");
  CHECK(parse_error("[syscalls]\ndeny = [{ name = \"@thraeds\" }]\n").message() ==
        "p.toml:2:18: no group of system calls \"@thraeds\"; did you mean \"@threads\"?");
}

TEST_CASE("profile: entries of system calls that mean nothing are refused") {
  for (const std::string_view entry :
       {"{ why = \"no name\" }", "{ name = \"@base\", args = [{ index = 0, eq = 1 }] }",
        "{ name = \"read\", args = [{ index = 6, eq = 1 }] }",
        "{ name = \"read\", args = [{ index = 0 }] }", "{ name = \"read\", args = [{ eq = 0 }] }",
        "{ name = \"read\", args = [{ index = 0, eq = 1, in = [2] }] }",
        "{ name = \"read\", args = [{ index = 0, in = [] }] }",
        "{ name = \"read\", args = [{ index = 0, eq = \"AF_NOPE\" }] }",
        "{ name = \"read\", args = [{ index = 0, eq = \"0x100000000\" }] }",
        "{ name = \"read\", args = [{ index = 0, masked = { mask = 1 } }] }",
        "{ name = \"read\", args = [{ index = 0, masked = { mask = 1, value = 2 } }] }",
        "{ name = \"read\", args = [1] }", "{ name = \"read\", args = 1 }",
        "{ name = \"read\", action = \"allow\" }",
        "{ name = \"read\", action = \"kill\", log = true }"}) {
    CAPTURE(entry);
    const std::string text = "[syscalls]\ndeny = [" + std::string(entry) + "]\n";
    CHECK(parse_error(text).tag() == Tag::profile_value);
  }
  CHECK(parse_error("[syscalls]\nallow = [{ name = \"read\", action = \"kill\" }]\n").tag() ==
        Tag::profile_unknown_key);
}

TEST_CASE("profile: log makes a refusal a listed one") {
  const Result<Profile> profile = parse_profile(
      "[syscalls]\ndeny = [{ name = \"mount\", action = \"errno EPERM\", log = true }]\n",
      "p.toml");
  REQUIRE(profile);
  CHECK(profile->syscalls.layers[0].deny[0].action == SyscallAction{ActionKind::notify, 1});
}

TEST_CASE("profile: extending merges") {
  const Folder folder;
  const std::string base =
      "[limits]\nmemory = \"1M\"\nprocesses = 5\n"
      "[files]\nmounts = [\"/a:/x:ro\", \"/b:/y:ro\"]\n"
      "[environment]\nset = { A = \"1\", B = \"2\" }\npass = [\"P\"]\n"
      "[syscalls]\nallow = [\"read\"]\n";
  const std::string over =
      "extends = \"sub/base.toml\"\n[limits]\nmemory = \"2M\"\n"
      "[files]\nmounts = [\"/c:/y:rw\"]\n"
      "[environment]\nset = { B = \"3\" }\npass = [\"Q\"]\n"
      "[syscalls]\ndeny = [\"read\"]\n";
  folder.write("sub/base.toml", base);
  const std::string path = folder.write("over.toml", over);
  const Result<Profile> profile = load_profile(path);
  REQUIRE(profile);
  CHECK(profile->name == path);
  CHECK(profile->sha256 == sha256_hex(base + over));
  CHECK(profile->limits.memory_bytes->value == 2 << 20);
  CHECK(profile->limits.processes->value == 5);
  REQUIRE(profile->files.mounts.size() == 2);
  CHECK(profile->files.mounts[0].value.target == "/x");
  CHECK(profile->files.mounts[1].value.source == "/c");
  CHECK(profile->environment.set.at("A").value == "1");
  CHECK(profile->environment.set.at("B").value == "3");
  CHECK(profile->environment.pass.size() == 2);
  REQUIRE(profile->syscalls.layers.size() == 2);
  CHECK(profile->syscalls.layers[0].allow.size() == 1);
  CHECK(profile->syscalls.layers[1].deny.size() == 1);
}

TEST_CASE("profile: every key of the extending profile arrives") {
  const auto full = [](const std::string& source) {
    Result<Profile> profile = parse_profile(R"(
description = "d"
[limits]
wall_time = 1
virtual_time = 1
cpu_time = 1
memory = 1
processes = 1
output = 1
file_size = 1
disk = 1
open_files = 1
stack = 1
cpus = 1
cpu_set = "1"
on_output_limit = "stop"
[files]
root = "host"
workspace = "scratch"
mounts = ["/a:/a:ro"]
tmpfs = ["/t"]
put = ["a:/a"]
get = ["/a:a"]
directory = "/"
[network]
mode = "none"
[syscalls]
default = "kill"
on_violation = "kill"
log = true
allow = ["read"]
[environment]
clear = true
keep = false
set = { A = "1" }
pass = ["A"]
[clock]
mode = "real"
start = "2009-11-10T23:00:00Z"
virtual_stdin = "wait"
)",
                                            source);
    REQUIRE_MESSAGE(profile, (profile ? "" : profile.error().to_line()));
    return *std::move(profile);
  };
  Profile base = full("base");
  merge_profile(base, full("over"));
  const auto from_over = [](const auto& setting) {
    REQUIRE(setting.has_value());
    CHECK(setting->origin.source == "over");
  };
  from_over(base.description);
  from_over(base.limits.wall_time_ns);
  from_over(base.limits.virtual_time_ns);
  from_over(base.limits.cpu_time_ns);
  from_over(base.limits.memory_bytes);
  from_over(base.limits.processes);
  from_over(base.limits.output_bytes);
  from_over(base.limits.file_size_bytes);
  from_over(base.limits.disk_bytes);
  from_over(base.limits.open_files);
  from_over(base.limits.stack_bytes);
  from_over(base.limits.cpus_millis);
  from_over(base.limits.cpu_set);
  from_over(base.limits.on_output_limit);
  from_over(base.files.root);
  from_over(base.files.workspace);
  from_over(base.files.directory);
  from_over(base.network_mode);
  from_over(base.syscalls.default_action);
  from_over(base.syscalls.on_violation);
  from_over(base.syscalls.log);
  from_over(base.environment.clear);
  from_over(base.environment.keep);
  from_over(base.clock.mode);
  from_over(base.clock.start);
  from_over(base.clock.virtual_stdin);
  CHECK(base.environment.set.at("A").origin.source == "over");
  CHECK(base.files.mounts.size() == 1);
  CHECK(base.files.tmpfs.size() == 2);
  CHECK(base.files.put.size() == 2);
  CHECK(base.files.get.size() == 2);
  CHECK(base.environment.pass.size() == 2);
  CHECK(base.syscalls.layers.size() == 2);
  Profile untouched = full("base");
  merge_profile(untouched, Profile{});
  CHECK(untouched.limits.memory_bytes->origin.source == "base");
}

TEST_CASE("profile: a relative extends starts at the extending file") {
  const Folder folder;
  folder.write("d/base.toml", "extends = \"../top.toml\"\n");
  folder.write("top.toml", "[limits]\nmemory = \"3M\"\n");
  const Result<Profile> profile =
      load_profile(folder.write("d/e/f.toml", "extends = \"../base.toml\"\n"));
  REQUIRE(profile);
  CHECK(profile->limits.memory_bytes->value == 3 << 20);
}

TEST_CASE("profile: a circle of extends is named") {
  const Folder folder;
  const std::string a = folder.write("a.toml", "extends = \"./b.toml\"\n");
  const std::string b = folder.write("b.toml", "\nextends = \"x/../a.toml\"\n");
  std::filesystem::create_directories(std::filesystem::path(a).parent_path() / "x");
  const Result<Profile> profile = load_profile(a);
  REQUIRE_FALSE(profile);
  CHECK(profile.error().tag() == Tag::profile_cycle);
  const std::string message = profile.error().message();
  CHECK(message.find("b.toml:2:11: extends goes round in a circle: " + a + " -> ") !=
        std::string::npos);
  const Result<Profile> itself = load_profile(folder.write("c.toml", "extends = \"c.toml\"\n"));
  REQUIRE_FALSE(itself);
  CHECK(itself.error().tag() == Tag::profile_cycle);
}

TEST_CASE("profile: sixteen files may extend each other and no more") {
  const Folder folder;
  const auto chain = [&](int length) {
    std::string path;
    for (int i = 1; i <= length; ++i) {
      const std::string extends =
          i == 1 ? "" : "extends = \"" + std::to_string(i - 1) + ".toml\"\n";
      path = folder.write(std::to_string(i) + ".toml", extends);
    }
    return load_profile(path);
  };
  CHECK(chain(16));
  const Result<Profile> profile = chain(17);
  REQUIRE_FALSE(profile);
  CHECK(profile.error().tag() == Tag::profile_cycle);
}

TEST_CASE("profile: one that is not there") {
  const Result<Profile> name = load_profile("defualt");
  REQUIRE_FALSE(name);
  CHECK(name.error().tag() == Tag::profile_not_found);
  CHECK(name.error().message() == "no built-in profile \"defualt\"; did you mean \"default\"?");
  const Result<Profile> file = load_profile("/nowhere/a.toml");
  REQUIRE_FALSE(file);
  CHECK(file.error().tag() == Tag::profile_not_found);
  const Folder folder;
  const Result<Profile> folder_itself = load_profile(folder.write("d.toml/x", ""));
  CHECK(folder_itself);  // an empty file says nothing, which is allowed
  const Result<Profile> inner = load_profile(folder.write("e.toml", "extends = \"nope\"\n"));
  REQUIRE_FALSE(inner);
  CHECK(inner.error().tag() == Tag::profile_not_found);
  CHECK(inner.error().to_line().find("e.toml:1:11: extends \"nope\": ") != std::string::npos);
  const Result<Profile> directory = load_profile("/usr/");
  REQUIRE_FALSE(directory);
  CHECK(directory.error().tag() == Tag::profile_unreadable);
  const Result<Profile> endless = load_profile("/dev/zero");
  REQUIRE_FALSE(endless);
  CHECK(endless.error().tag() == Tag::profile_syntax);
}

TEST_CASE("profile: every built-in one reads and says what it is") {
  const std::vector<std::string> names = builtin_profile_names();
  CHECK(names == std::vector<std::string>{"c", "compile", "cpp", "default", "go", "java", "node",
                                          "perl", "python", "rust", "shell", "strict"});
  for (const std::string& name : names) {
    CAPTURE(name);
    const Result<Profile> profile = load_profile(name);
    REQUIRE(profile);
    CHECK(profile->description->value != "");
    CHECK(profile->sha256.size() == 64);
    CHECK(profile->limits.memory_bytes->value.has_value());
    for (const SyscallLayer& layer : profile->syscalls.layers) {
      for (const auto* list : {&layer.allow, &layer.deny}) {
        for (const SyscallEntry& entry : *list) {
          CAPTURE(entry.origin.to_string());
          CHECK(entry.why != "");
        }
      }
    }
  }
  CHECK_FALSE(load_profile("default")->limits.wall_time_ns->value.has_value());
  CHECK(load_profile("go")->limits.wall_time_ns->value == 10'000'000'000);
}
