// --get: what comes out of a sandbox is the program's own bytes, at the place that was settled
// before it ran.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "faults.h"

using namespace sbtest;

namespace {

Document saved(const Run& run, int number) {
  INFO(run.describe());
  return run.document.at("files." + std::to_string(number));
}

void expect_saved(const Run& run, int number, const std::string& path, const std::string& bytes) {
  const Document file = saved(run, number);
  INFO(run.describe());
  CHECK(file.at("saved").text() == path);
  CHECK(file.at("bytes").integer() == static_cast<long long>(bytes.size()));
  CHECK(file.at("error").is_null());
  CHECK(read_file(path) == bytes);
}

void expect_refused(const Run& run, int number, const std::string& path, const std::string& err) {
  const Document file = saved(run, number);
  INFO(run.describe());
  CHECK(file.at("saved").is_null());
  CHECK(file.at("bytes").integer() == 0);
  CHECK(file.at("error").text() == err);
  CHECK(contains(run.document.at("warnings").dump(), path));
  CHECK_FALSE(std::filesystem::exists(std::filesystem::symlink_status(path)));
}

Words get(std::initializer_list<std::pair<std::string, std::string>> pairs) {
  Words words;
  for (const auto& [source, target] : pairs) {
    words.push_back("--get");
    words.push_back(source + ":" + target);
  }
  return words;
}

mode_t mode_of(const std::string& path) {
  struct stat status = {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

// Red: copy() of files/collector.cc stops after its first buffer.
TEST_CASE("files: get saves the exact bytes whatever becomes of the program") {
  const TempDirectory host;
  const std::string at = host.path() + "/";
  host.write("old", "old bytes that are longer than the new ones\n", 0600);
  const Run run = run_target(
      get({{"/workspace/out", at + "out"},
           {"/tmp/d/tool", at + "tool"},
           {"/dev/shm/x", at + "old"},
           {"/workspace/out", host.path()},
           {"/workspace/big", at + "big"}}),
      {"sh", "-c",
       "printf 'a\\0b\\377' > out; mkdir /tmp/d; echo x > /tmp/d/tool; chmod 4755 /tmp/d/tool; "
       "echo new > /dev/shm/x; head -c 3000001 /dev/zero > big; kill -9 $$"});
  expect_signal(run, 9);
  expect_saved(run, 0, at + "out", std::string("a\0b\377", 4));
  expect_saved(run, 1, at + "tool", "x\n");
  expect_saved(run, 2, at + "old", "new\n");
  expect_saved(run, 3, at + "out", std::string("a\0b\377", 4));
  expect_saved(run, 4, at + "big", std::string(3000001, '\0'));
  CHECK((mode_of(at + "tool") & 07111) == 0111);
  CHECK((mode_of(at + "out") & 07111) == 0);
  // Nothing but what was asked for.
  for (const auto& entry : std::filesystem::directory_iterator(host.path())) {
    CHECK_FALSE(contains(entry.path().string(), ".tmp"));
  }
}

// Red: the size is not compared with max_bytes, neither before nor in copy().
TEST_CASE("files: get saves no file that is larger than max and counts holes") {
  const TempDirectory host;
  const std::string request =
      R"({"command": ["sh", "-c", "echo 12345 > five; truncate -s 60M sparse; truncate -s 1T huge"],)"
      R"( "limits": {"file_size": "none", "disk": "64M"}, "files": {"get": [)"
      R"({"source": "/workspace/five", "target": ")" +
      host.path() + R"(/a", "max": "5"}, {"source": "/workspace/five", "target": ")" + host.path() +
      R"(/b", "max": "6"}, {"source": "/workspace/sparse", "target": ")" + host.path() +
      R"(/c"}, {"source": "/workspace/huge", "target": ")" + host.path() + R"(/d"}]}})";
  const Run run = run_sandbox({"run", "--request", host.write("request.json", request)});
  expect_ok(run);
  expect_refused(run, 0, host.path() + "/a", "EFBIG");
  expect_saved(run, 1, host.path() + "/b", "12345\n");
  CHECK(saved(run, 2).at("bytes").integer() == 60LL << 20);
  expect_refused(run, 3, host.path() + "/d", "EFBIG");
}

// Red: without O_PATH first in open_file_beneath(): it opens the pipe and calls it a file.
TEST_CASE("p3 get opens nothing but files and follows and awaits nothing") {
  const TempDirectory host;
  const std::string at = host.path() + "/";
  const Run run =
      run_target(get({{"/workspace/link", at + "a"},
                      {"/workspace/away/passwd", at + "b"},
                      {"/workspace/pipe", at + "c"},
                      {"/workspace/dir", at + "d"},
                      {"/workspace/none", at + "e"},
                      {"/workspace/file/", at + "f"},
                      {"/workspace/socket", at + "g"},
                      {"/workspace/closed", at + "h"}}),
                 {"sh", "-c",
                  "ln -s /etc/passwd link; ln -s /etc away; mkfifo pipe; mkdir dir; echo x > file; "
                  "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, "
                  "pack_sockaddr_un(\"socket\"))'"
                  "; echo x > closed; chmod 0 closed; exit 0"});
  INFO(run.describe());
  CHECK(run.elapsed_s < 10 * slow());
  expect_refused(run, 0, at + "a", "ELOOP");
  expect_refused(run, 1, at + "b", "ELOOP");
  expect_refused(run, 2, at + "c", "ENXIO");
  CHECK(saved(run, 3).at("saved").text() == at + "d");
  expect_refused(run, 4, at + "e", "ENOENT");
  expect_refused(run, 5, at + "f", "ENOTDIR");
  expect_refused(run, 6, at + "g", "ENXIO");
  expect_refused(run, 7, at + "h", "EACCES");
  CHECK(run.document.at("status").text() == "ok");
}

// Red: in Collector::save, open_as() without its reader: root reads what the program could not.
TEST_CASE("p3 get reads with the rights of the program and no more") {
  require("root");
  require("owner mapping");
  const TempDirectory host;
  const TempDirectory shared;
  host.write("secret", "secret\n", 0600);
  const std::string secret = host.path() + "/secret";
  // As a program could where fs.protected_hardlinks is off.
  REQUIRE(link(secret.c_str(), (shared.path() + "/linked").c_str()) == 0);
  shared.write("of group", "secret\n", 0640);
  REQUIRE(chown(shared.path().c_str(), 4321, 4322) == 0);
  const std::string at = host.path() + "/";
  for (const char* userns : {"auto", "never"}) {
    Words words = get({{"/workspace/linked", at + "a"},
                       {"/workspace/of group", at + "b"},
                       {"/workspace/mine", at + "mine"}});
    words.insert(words.end(), {"--userns", userns, "--workspace", "rw:" + shared.path()});
    const Run run = run_target(words, {"sh", "-c", "cat *; echo mine > mine; chmod 600 mine"});
    INFO(run.describe());
    CHECK(run.stdout_bytes().empty());
    expect_refused(run, 0, at + "a", "EACCES");
    expect_refused(run, 1, at + "b", "EACCES");
    expect_saved(run, 2, at + "mine", "mine\n");
    REQUIRE(unlink((shared.path() + "/mine").c_str()) == 0);
  }
}

// Red: look_at_files() is called in on_exited: what was left running goes on renaming.
TEST_CASE("p3 get begins when nobody is left who could swap anything") {
  const TempDirectory host;
  const std::string at = host.path() + "/out";
  for (int i = 0; i < 8; ++i) {
    const Run run = run_target(
        get({{"/workspace/out", at}, {"/workspace/count", host.path() + "/count"}}),
        {"sh", "-c",
         "echo own > own; echo own > out; mkfifo started; setsid sh -c 'echo > started; while :; "
         "do "
         "ln -f own out; echo x >> count; ln -sfn /etc/passwd out; rm -f out; mkfifo out; "
         "rm -f out; done' 2>/dev/null & read x < started; exit 0"});
    INFO(run.describe());
    CHECK(run.elapsed_s < 20 * slow());
    const Document file = saved(run, 0);
    if (file.at("saved").is_null()) {
      const std::string err = file.at("error").text();
      CHECK_MESSAGE((err == "ELOOP" || err == "ENOENT" || err == "ENXIO"), err);
    } else {
      CHECK(read_file(at) == "own\n");
    }
  }
}

// Red: NewFile opens its name with O_CREAT | O_TRUNC.
TEST_CASE("p3 get writes where it was to write whatever that name leads to now") {
  require("root");
  require("owner mapping");
  for (const char* swap :
       {"ln -s $SECRET out/got", "mkfifo out/got", "ln input out/got", "ln -s $FOLDER/new out/got",
        "mv out away && ln -s $FOLDER out", "mkdir -p out/got/x"}) {
    CAPTURE(std::string(swap));
    const TempDirectory host;
    const TempDirectory shared;
    host.write("secret", "secret\n", 0600);
    REQUIRE(mkdir((host.path() + "/folder").c_str(), 0700) == 0);
    shared.write("input", "input\n");
    REQUIRE(mkdir((shared.path() + "/out").c_str(), 0777) == 0);
    Words words = get({{"/tmp/got", shared.path() + "/out/got"}});
    words.insert(words.end(), {"--workspace", "rw:" + shared.path(), "--env",
                               "SECRET=" + host.path() + "/secret", "--env",
                               "FOLDER=" + host.path() + "/folder"});
    const Run run = run_target(words, {"sh", "-c", std::string("echo got > /tmp/got; ") + swap});
    INFO(run.describe());
    CHECK(run.elapsed_s < 10 * slow());
    CHECK(read_file(host.path() + "/secret") == "secret\n");
    CHECK(read_file(shared.path() + "/input") == "input\n");
    CHECK(std::filesystem::is_empty(host.path() + "/folder"));
    const bool moved = contains(swap, "mv");
    const std::string got = shared.path() + (moved ? "/away/got" : "/out/got");
    if (contains(swap, "mkdir")) {
      CHECK(saved(run, 0).at("error").text() == "EISDIR");
    } else {
      CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(got)));
      CHECK(read_file(got) == "got\n");
    }
  }
}

// Red: settle_place() is called in collect().
TEST_CASE("files: a place where nothing can be saved is an error before anything runs") {
  const TempDirectory host;
  REQUIRE(mkfifo((host.path() + "/pipe").c_str(), 0600) == 0);
  for (const std::string& target :
       {host.path() + "/none/got", std::string("/dev/null"), host.path() + "/pipe"}) {
    const Run run = run_target(get({{"/workspace/x", target}}), {"true"});
    INFO(run.describe());
    CHECK(run.exit_status == 125);
    CHECK(run.document.at("error.tag").text() == "io.output");
    CHECK(run.document.at("time.started").is_null());
  }
  const Run kernels = run_target(get({{"/proc/1/environ", host.path() + "/x"}}), {"true"});
  CHECK(kernels.exit_status == 2);
  CHECK(contains(kernels.err, "getting \"/proc/1/environ\" [files.source]"));
  expect_usage_error(run_target({"--get", "relative:x"}, {"true"}), {"--get", "absolute"});
}

// Red: TarOfTree enters what is no directory: it opens the link.
TEST_CASE("p3 get of a directory is a tar archive of what the program could read") {
  const TempDirectory host;
  const std::string at = host.path() + "/";
  const std::string tree =
      "mkdir -p out/a/b out/closed; echo deep > out/a/b/deep; ln -s /etc/passwd out/passwd; "
      "ln -s /etc out/etc; mkfifo out/pipe; echo x > out/secret; chmod 0 out/secret; "
      "echo x > out/closed/x; chmod 0 out/closed; head -c 700001 /dev/zero > out/big; "
      "echo run > out/run; chmod 755 out/run; n=$(printf '%0200d' 0); echo long > out/$n; "
      "printf odd > \"$(printf 'out/new\\nline\\377')\"; ";
  const Run run = run_target(get({{"/workspace/out", at + "got.tar"},
                                  {"/workspace/out/a", host.path()},
                                  {"/workspace/out/", at + "again"}}),
                             {"sh", "-c", tree + "exit 3"});
  expect_exited(run, 3);
  CHECK(saved(run, 0).at("saved").text() == at + "got.tar");
  CHECK(saved(run, 0).at("bytes").integer() ==
        static_cast<long long>(std::filesystem::file_size(at + "got.tar")));
  CHECK(saved(run, 1).at("saved").text() == at + "a.tar");
  CHECK(contains(run.document.at("warnings").dump(), "without 3 pipes"));
  CHECK(read_file(at + "got.tar") == read_file(at + "again"));
  // It goes in again, as it was; and so Debian's tar reads it.
  const Run back = run_target({"--put", at + "got.tar:/tmp:extract"}, {"true"});
  CHECK(back.document.at("error.tag").text() == "files.archive");  // links that lead out
  const std::string unpack = "tar -xf " + at + "got.tar -C " + host.path() + " && cd " +
                             host.path() + "/out && cat run a/b/deep 000* new* && readlink etc " +
                             "passwd && wc -c < big && ls | wc -l";
  FILE* pipe = popen(unpack.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char text[256] = {};
  const std::size_t size = fread(text, 1, sizeof text - 1, pipe);
  CHECK(pclose(pipe) == 0);
  CHECK(std::string(text, size) == "run\ndeep\nlong\nodd/etc\n/etc/passwd\n700001\n8\n");
}

// Red: save_matches() saves a link by the name that it leads to.
TEST_CASE("p3 get of a pattern saves the files that it means and nothing else") {
  const TempDirectory host;
  const std::string script =
      "mkdir -p a b c/d.txt; echo 1 > a/one.txt; echo 2 > b/two.txt; echo 3 > b/one.txt; "
      "echo 4 > .hidden.txt; echo 5 > top.txt; echo 6 > \"$(printf 'od\\nd\\377.txt')\"; "
      "ln -s /etc/passwd link.txt; mkfifo pipe.txt; ln -s /etc e; exit 0";
  const std::string at = host.path() + "/";
  const Run run = run_target(get({{"/workspace/*.txt", host.path()},
                                  {"/workspace/?/one.txt", at},
                                  {"/workspace/[a-b]/t*", host.path()},
                                  {"/workspace/none*", host.path()},
                                  {"/workspace/*/passwd", host.path()}}),
                             {"sh", "-c", script});
  expect_ok(run);
  INFO(run.describe());
  REQUIRE(run.document.at("files").size() == 7);
  CHECK(read_file(at + "od\nd\377.txt") == "6\n");
  expect_saved(run, 1, at + "top.txt", "5\n");
  expect_saved(run, 2, at + "one.txt", "1\n");
  CHECK(saved(run, 3).at("error").text() == "EEXIST");
  expect_saved(run, 4, at + "two.txt", "2\n");
  expect_refused(run, 5, at + "none*", "ENOENT");
  expect_refused(run, 6, at + "passwd", "ENOENT");
  CHECK_FALSE(std::filesystem::exists(std::filesystem::symlink_status(at + "link.txt")));
  const Run file = run_target(get({{"/workspace/*", at + "file"}}), {"true"});
  CHECK(file.document.at("error.tag").text() == "io.output");
}

// Red: look_at_files() takes nothing off for what was there before.
TEST_CASE("files: the result says what the files in memory take") {
  const Run none = run_target({}, {"true"});
  expect_ok(none);
  CHECK(none.document.at("disk.used_bytes").integer() == 0);
  CHECK(none.document.at("disk.inodes").integer() == 0);
  CHECK(none.document.at("disk.limit_bytes").integer() == 64LL << 20);
  const Run some = run_target({"--disk", "8M"},
                              {"sh", "-c",
                               "head -c 1000000 /dev/zero > a; echo x > /tmp/b; mkdir /dev/shm/c;"
                               "head -c 3000000 /dev/zero > gone; rm gone"});
  expect_ok(some);
  const long long used = some.document.at("disk.used_bytes").integer();
  CHECK(used >= 1000000 + 2);
  CHECK(used <= 1000000 + 3 * 4096);
  CHECK(some.document.at("disk.inodes").integer() >= 3);
  CHECK(some.document.at("disk.limit_bytes").integer() == 8LL << 20);
  const Run full = run_target({"--disk", "1M"}, {"sh", "-c", "head -c 2M /dev/zero > a; true"});
  expect_ok(full);
  CHECK(full.document.at("disk.used_bytes").integer() == 1LL << 20);
  const Run without = run_target({"--disk", "none"}, {"sh", "-c", "echo x > a"});
  expect_ok(without);
  CHECK(without.document.at("disk.limit_bytes").is_null());
  CHECK(without.document.at("disk.used_bytes").is_null());
}

namespace {

// A run that saves a tree of two files, under strace with this fault in it.
Run get_with_fault(const TempDirectory& place, const Words& fault) {
  const Options options = with_strace();
  Words words = {"strace", "-f", "-qq", "-o", place.path() + "/strace"};
  words.insert(words.end(), fault.begin(), fault.end());
  const Words rest = {binary(), "run", "--get", "/workspace/:" + place.path() + "/tree.tar",
                      "--",     "sh",  "-c",    "echo a > a; echo b > b"};
  words.insert(words.end(), rest.begin(), rest.end());
  return run_sandbox(words, options);
}

}  // namespace

// Red: check_that_init_lived() of supervise/left_files.cc does nothing: some are ok,
// with a tree that is empty or not.
TEST_CASE("p3 get says nothing of a sandbox whose init was killed") {
  constexpr int enough = 5;
  int killed = 0;
  for (int i = 0; i < 20 * enough && killed < enough; ++i) {
    const TempDirectory place;
    // Init's second wait is for what the supervisor says once all others are dead.
    const Run run =
        get_with_fault(place, {"-e", "trace=ppoll", "-e", "inject=ppoll:signal=SIGKILL:when=2"});
    INFO(run.describe());
    // Why: a program that has ended before init's first wait leaves it no second one.
    if (!contains(read_file(place.path() + "/strace"), "= ?")) {
      CHECK(run.document.at("status").text() == "ok");
      continue;
    }
    ++killed;
    CHECK(run.document.at("status").text() == "error");
    CHECK(run.document.at("error.tag").text() == "launch.died");
  }
  CHECK(killed == enough);
}

// Red: enter() of files/tar_of_tree.cc does not look at listing.err.
TEST_CASE("p3 get of a directory that can not be listed saves none") {
  const TempDirectory place;
  const Run run = get_with_fault(
      place, {"-P", "/workspace", "-e", "trace=getdents64", "-e", "inject=getdents64:error=EIO"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "ok");
  CHECK(run.document.at("files.0.error").text() == "EIO");
  CHECK(run.document.at("files.0.saved").is_null());
}
