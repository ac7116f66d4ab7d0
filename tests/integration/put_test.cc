// --put and --workspace cow: what goes in is what lies on the host, and an archive changes nothing
// outside of its directory.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "harness.h"
#include "quick.h"
#include "tar.h"

using namespace sbtest;

namespace {

// Of all that a directory holds: names, modes, times, contents.
std::string hash_of(const std::string& directory) {
  const TempDirectory host;
  const std::string out = host.path() + "/hash";
  REQUIRE(std::system(("cd '" + directory + "' && (find . -printf '%p %m %s %T@ %i\\n' | sort; " +
                       "find . -type f -print0 | sort -z | xargs -0 cat) | sha256sum > " + out)
                          .c_str()) == 0);
  return read_file(out);
}

// A directory of the host's with something of each kind.
class Sources {
 public:
  Sources() {
    std::filesystem::create_directories(host_.path() + "/tree/a/b");
    std::filesystem::create_directory(host_.path() + "/tree/empty");
    host_.write("tree/a/b/deep", "deep\n");
    host_.write("tree/tool", "#!/bin/sh\necho tool\n", 0755);
    host_.write("tree/new\nline\xff", "odd\n");
    host_.write("tree/" + std::string(200, 'n'), "long\n");
    REQUIRE(symlink("/nowhere", (path("tree/link")).c_str()) == 0);
    host_.write("file", "file\n", 0640);
  }
  std::string path(const std::string& name) const { return host_.path() + "/" + name; }
  const TempDirectory& host() const { return host_; }

 private:
  TempDirectory host_;
};

void expect_refused(const Run& run, const std::string& tag, const std::string& part) {
  INFO(run.describe());
  CHECK(run.exit_status == 125);
  CHECK(run.document.at("status").text() == "error");
  CHECK(run.document.at("error.tag").text() == tag);
  CHECK(contains(run.document.at("error.message").text(), part));
  CHECK(run.document.at("time.started").is_null());
}

// Unpacks it in /workspace/here, and runs `script` afterwards.
Run extract(const std::string& archive, const Words& options = {},
            const std::string& script = "find . | sort") {
  const TempDirectory host;
  Words words = {"--put", host.write("a.tar", archive) + ":/workspace/here:extract"};
  words.insert(words.end(), options.begin(), options.end());
  return run_target(words, {"sh", "-c", script});
}

}  // namespace

// Red: Supply::read passes the first piece of each source only.
TEST_CASE("files: put copies files and directories to where cp would") {
  const Sources sources;
  const std::string big(3 * 1024 * 1024 + 17, 'b');
  sources.host().write("big", big);
  const Run run = run_target(
      {"--put", sources.path("file") + ":/workspace", "--put",
       sources.path("file") + ":/workspace/x/y/renamed", "--put",
       sources.path("file") + ":/tmp/into/", "--put", sources.path("tree") + ":/workspace/tree",
       "--put", sources.path("tree") + ":/dev/shm", "--put",
       sources.path("tree/a/.") + ":/workspace/contents", "--put",
       sources.path("big") + ":/workspace/big", "--directory", "/workspace/tree"},
      {"sh", "-c",
       "./tool; cat a/b/deep new* nnn* ../file ../x/y/renamed /tmp/into/file "
       "../contents/b/deep; readlink link; ls -d empty /dev/shm/tree/a; wc -c < ../big; "
       "stat -c %a ../file tool; echo more >> a/b/deep && [ $(stat -c %u tool) = $(id -u) ] && "
       "echo mine"});
  expect_ok(run);
  CHECK(run.stdout_bytes() ==
        "tool\ndeep\nodd\nlong\nfile\nfile\nfile\ndeep\n/nowhere\n/dev/shm/tree/a\nempty\n" +
            std::to_string(big.size()) + "\n640\n755\nmine\n");
  CHECK(run.document.at("disk.used_bytes").integer() >= static_cast<long long>(big.size()));
  CHECK(read_file(sources.path("tree/a/b/deep")) == "deep\n");
}

// Red: put_files() is called before join_groups().
TEST_CASE("files: what is put inside counts as memory and disk of the run") {
  require("memory");
  const TempDirectory host;
  const std::string source = host.write("big", std::string(24 << 20, 'b'));
  const Run run = run_target({"--put", source + ":/workspace"}, {"true"});
  expect_ok(run);
  CHECK(run.document.at("memory.peak_bytes").integer() >= 24LL << 20);
  CHECK(run.document.at("disk.used_bytes").integer() == 24LL << 20);
  CHECK(run.document.at("processes.limit").integer() > 0);
  const Run full = run_target({"--put", source + ":/workspace", "--disk", "16M"}, {"true"});
  expect_refused(full, "files.put", "No space left on device");
  CHECK(full.document.at("error.stage").text() == "put");
  CHECK(contains(full.document.at("error.hint").text(), "--disk"));
  const Run starved = run_target({"--put", source + ":/workspace", "--memory", "12M"}, {"true"});
  INFO(starved.describe());
  CHECK(starved.document.at("status").text() == "memory_limit");
}

// Red: make_room() is not called: the second file of a name is EEXIST.
TEST_CASE("files: put replaces what has the name and goes nowhere that is read-only") {
  const Sources sources;
  const Run twice = run_target({"--put", sources.path("tree/tool") + ":/workspace/t", "--put",
                                sources.path("file") + ":/workspace/t"},
                               {"cat", "t"});
  expect_ok(twice);
  CHECK(twice.stdout_bytes() == "file\n");
  for (const char* target : {"/usr/bin", "/etc/passwd", "/new"}) {
    CAPTURE(std::string(target));
    const Run run = run_target({"--put", sources.path("file") + ":" + target}, {"true"});
    expect_refused(run, "files.put", target);
  }
}

// Red: open_checked() opens without O_PATH: it waits for a writer of the pipe.
TEST_CASE("p3 put opens nothing on the host but files and directories") {
  const Sources sources;
  REQUIRE(mkfifo(sources.path("pipe").c_str(), 0600) == 0);
  REQUIRE(symlink("pipe", sources.path("to pipe").c_str()) == 0);
  for (const std::string& source : {sources.path("pipe"), sources.path("to pipe"),
                                    std::string("/dev/zero"), sources.path("none")}) {
    for (const char* how : {"", ":extract"}) {
      const Run run = run_target({"--put", source + ":/workspace" + how}, {"true"});
      INFO(run.describe());
      CHECK(run.elapsed_s < 10 * slow());
      CHECK(run.document.at("error.tag").text() == "files.source");
      CHECK(run.document.at("time.started").is_null());
    }
  }
  // In a directory they are left out, and the result says so.
  std::filesystem::rename(sources.path("pipe"), sources.path("tree/pipe"));
  const Run run = run_target({"--put", sources.path("tree") + ":/workspace/t"},
                             {"sh", "-c", "ls t | grep -c pipe; exit 0"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "0\n");
  CHECK(contains(run.document.at("warnings").dump(), "without 1 pipes"));
}

// Red: put_files() does not wait for the helper: the program is not there yet, or is ETXTBSY.
TEST_CASE("p26 a program that was put inside runs at once") {
  const Sources sources;
  for (int i = 0; i < 20; ++i) {
    const Quick quick = quick_run({"run", "--put", probe("print_args") + ":/workspace/bin/prog",
                                   "--", "/workspace/bin/prog", "x"});
    INFO(quick.out);
    CHECK(quick.exit_status == 0);
    CHECK(contains(quick.out, "\"status\":\"ok\""));
  }
}

// Red: read_pax() skips every record.
TEST_CASE("files: extract unpacks a plain tar archive") {
  const std::string longest(150, 'l');
  const std::string big(700001, 'B');
  const Run run = extract(Tar()
                              .add("./", '5')
                              .add("d/", '5', "", "", -1, 0555)
                              .add("d/script", '0', "#!/bin/sh\necho ran\n", "", -1, 04755)
                              .file("implied/parents/f", "f\n")
                              .gnu_name("g/" + longest)
                              .file("short", "gnu\n")
                              .pax("path", "p/" + longest + "\n\xff")
                              .file("short", "pax\n")
                              .add("d/l", '2', "", "../big")
                              .file("big", big)
                              .add("global", 'g', "13 comment=x\n")
                              .file("last", "last\n")
                              .end(),
                          {},
                          "cd here; d/script; cat implied/parents/f g/* p/* last; wc -c < d/l; "
                          "stat -c %a d/script; stat -c %Y last; find . | wc -l; : > d/new");
  expect_ok(run);
  CHECK(run.stdout_bytes() == "ran\nf\ngnu\npax\nlast\n700001\n755\n1000000000\n14\n");
  // Without the blocks at its end, and with something behind them.
  for (const std::string& archive :
       {Tar().file("a").cut(), Tar().file("a").end() + "garbage", std::string(10240, '\0')}) {
    expect_ok(extract(archive));
  }
}

// Red: clean_name() lets ".." pass.
TEST_CASE("p3 an archive writes nothing outside of its directory") {
  struct Row {
    std::string archive;
    const char* tag;
    const char* part;
  };
  const Row rows[] = {
      {Tar().file("../x").end(), "files.archive", "../x"},
      {Tar().file("a/../../x").end(), "files.archive", "a/../../x"},
      {Tar().file("/tmp/x").end(), "files.archive", "/tmp/x"},
      {Tar().pax("path", "../x").file("fine").end(), "files.archive", "../x"},
      {Tar().gnu_name("b/../..").add("fine", '5').end(), "files.archive", "b/../.."},
      {Tar().pax("path", std::string("a\0b", 3)).file("fine").end(), "files.archive", "name"},
      {Tar().add("l", '2', "", "/tmp").file("l/x").end(), "files.archive", "link"},
      {Tar().add("l", '2', "", "../..").end(), "files.archive", "link"},
      {Tar().add("a/l", '2', "", "b/../../..").end(), "files.archive", "link"},
      {Tar().add("d", '5').add("l", '2', "", "d").file("l/x").end(), "files.put", "l/x"},
      {Tar().file("f").add("h", '1', "", "f").end(), "files.archive", "hard link"},
      {Tar().add("h", '1', "", "/etc/passwd").end(), "files.archive", "hard link"},
      {Tar().add("c", '3').end(), "files.archive", "device"},
      {Tar().add("b", '4').end(), "files.archive", "device"},
      {Tar().add("p", '6').end(), "files.archive", "pipe"},
      {Tar().add("s", 'S').end(), "files.archive", "kind"},
      {Tar().pax("GNU.sparse.major", "1").file("s").end(), "files.archive", "kind"},
      {Tar().file("").end(), "files.archive", "name"},
      {"", "files.archive", "no tar"},
      {std::string(512, 'x'), "files.archive", "no tar"},
      {Tar().add("f", '0', "short", "", 1 << 20).cut(), "files.archive", "cut off"},
      {Tar().file("f").cut().substr(0, 700), "files.archive", "cut off"},
      {Tar().add("f", 'x', "99999999999999999999 path=x\n").end(), "files.archive", "no tar"},
      {Tar().add("f", 'x', "", "", 1LL << 32).end(), "files.archive", "too long"},
      {Tar().gnu_name(std::string(5000, 'n')).file("f").end(), "files.archive", "too long"},
      {Tar().file(std::string(256, 'n')).end(), "", ""},
      {Tar().gnu_name(std::string(256, 'n')).file("f").end(), "files.put", "File name too long"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.part));
    const Run run = extract(row.archive);
    if (*row.tag == '\0') {
      expect_ok(run);
    } else {
      expect_refused(run, row.tag, row.part);
    }
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) {
    deep += "d/";
  }
  expect_refused(extract(Tar().gnu_name(deep + "f").file("f").end()), "files.archive", "deep");
}

// Red: the limit of inodes of the file system in memory (fs/mount_plan.cc) is 0.
TEST_CASE("p3 an archive of very many entries ends at the limit of the disk") {
  Tar tar;
  for (int i = 0; i < 20000; ++i) {
    tar.add("d" + std::to_string(i), '5');
  }
  const Run run = extract(tar.end(), {"--disk", "8M"});
  expect_refused(run, "files.put", "No space left on device");
}

// Red: mount_scratch() has /workspace's directory belong to root.
TEST_CASE("files: a cow workspace can be changed and the directory stays as it was") {
  require("owner mapping");
  const Sources sources;
  const std::string tree = sources.path("tree");
  const Run run = run_target({"--workspace", "cow:" + tree}, {tree + "/tool", "x"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "tool\n");
  const Run changed = run_target({"--workspace", "cow:" + tree},
                                 {"sh", "-c",
                                  "pwd; echo changed >> a/b/deep; rm -r tool empty; mkdir new; "
                                  "mv a new/; cat new/a/b/deep; echo x > tool"});
  expect_ok(changed);
  CHECK(changed.stdout_bytes() == "/workspace\ndeep\nchanged\n");
  // A copy where this kernel or file system has no overlay for it.
  const std::string how = changed.document.at("enforced.workspace").text();
  CHECK((how == "overlay" || how == "copy"));
  CHECK(changed.document.at("disk.used_bytes").integer() > 0);
  CHECK(read_file(tree + "/a/b/deep") == "deep\n");
  CHECK(contains(read_file(tree + "/tool"), "echo tool"));
  CHECK(std::filesystem::exists(tree + "/empty"));
  CHECK_FALSE(std::filesystem::exists(tree + "/new"));
  // The current directory, where none is named.
  Options options;
  options.directory = tree;
  const Run here = run_target({"--workspace", "cow"}, {"cat", "a/b/deep"}, options);
  expect_ok(here);
  CHECK(here.stdout_bytes() == "deep\n");
}

// Red: can_be_overlaid() does not ask whose the files are: "theirs" can't be changed (EOVERFLOW).
TEST_CASE("files: a cow workspace with files of several owners is a copy that can be changed") {
  require("root");
  const Sources sources;
  const std::string tree = sources.path("tree");
  const std::string theirs = sources.host().write("tree/theirs", "old\n", 0666);
  REQUIRE(chown(theirs.c_str(), 4242, 4242) == 0);
  const Run run =
      run_target({"--workspace", "cow:" + tree}, {"sh", "-c", "echo new > theirs; cat theirs"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "new\n");
  CHECK(run.document.at("enforced.workspace").text() == "copy");
  CHECK(read_file(theirs) == "old\n");
}

// Red: can_be_overlaid() does not look at the host's mounts: "sub" is empty.
TEST_CASE("files: a cow workspace shows what is mounted below the directory") {
  require("root");
  const Sources sources;
  const std::string tree = sources.path("tree");
  Options options;
  options.in_child = [&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("t", (tree + "/empty").c_str(), "tmpfs", 0, "size=1m") != 0 ||
        mkdir((tree + "/empty/below").c_str(), 0755) != 0) {
      _exit(99);
    }
  };
  const Run run = run_target({"--workspace", "cow:" + tree}, {"ls", "empty"}, options);
  expect_ok(run);
  CHECK(run.stdout_bytes() == "below\n");
}

// Red: new_file_system() mounts without MS_NOSUID and MS_NODEV.
TEST_CASE("p7 a cow workspace has no set-user-ID program and no device of the directory") {
  require("root");
  const Sources sources;
  const std::string tree = sources.path("tree");
  REQUIRE(mknod((tree + "/device").c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0);
  REQUIRE(mkfifo((tree + "/pipe").c_str(), 0666) == 0);
  // Held open outside: who opens the host's pipe inside finds a reader.
  const int pipe = open((tree + "/pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const Run run = run_target({"--workspace", "cow:" + tree},
                             {"sh", "-c",
                              "grep ' /workspace ' /proc/self/mountinfo; head -c1 device; "
                              "echo x | dd of=pipe oflag=nonblock conv=nocreat; :"});
  INFO(run.describe());
  CHECK(run.document.at("status").text() == "ok");
  if (run.document.at("enforced.workspace").text() == "overlay") {
    CHECK(contains(run.stdout_bytes(), "nosuid,nodev"));
  }
  CHECK_FALSE(contains(run.stdout_bytes(), std::string(1, '\0')));
  char byte = 0;
  CHECK(read(pipe, &byte, 1) == 0);
  close(pipe);
}

// Red: mount_scratch() takes twice the limit.
TEST_CASE("files: many runs share a cow workspace and the limit of the disk holds in each") {
  require("owner mapping");
  const Sources sources;
  const std::string tree = sources.path("tree");
  sources.host().write("tree/big", std::string(4 << 20, 'b'));
  const std::string before = hash_of(tree);
  std::string script;
  for (int i = 0; i < 8; ++i) {
    script += binary() + " run --exit-zero --workspace cow:" + tree +
              " -- sh -c 'cat a/b/deep; echo " + std::to_string(i) +
              " >> a/b/deep; rm -r empty; sync; tail -n1 a/b/deep' > " + sources.path("") + "out." +
              std::to_string(i) + " & ";
  }
  REQUIRE(std::system((script + "wait").c_str()) == 0);
  for (int i = 0; i < 8; ++i) {
    const std::string number = std::to_string(i);
    CHECK(contains(read_file(sources.path("out." + number)),
                   R"("data":"deep\n)" + number + R"(\n")"));
  }
  const Run full =
      run_target({"--workspace", "cow:" + tree, "--disk", "6M"},
                 {"sh", "-c", "head -c 8M /dev/zero > new; echo x >> big; wc -c < big"});
  INFO(full.describe());
  CHECK(full.document.at("disk.used_bytes").integer() <= 6 << 20);
  CHECK(full.document.at("disk.used_bytes").integer() > 5 << 20);
  CHECK(full.document.at("disk.limit_bytes").integer() == 6 << 20);
  CHECK(hash_of(tree) == before);
}

// Red: start the pump in Supervisor::open_streams.
TEST_CASE("files: a copy at the second try loses no stdin") {
  require("root");
  require("strace");
  const TempDirectory tree;
  tree.write("f", "1");
  const TempDirectory place;
  const std::string result = place.path() + "/result";
  const std::string command =
      "printf hello | strace -f -o /dev/null -e trace=setxattr -e "
      "inject=setxattr:error=EOPNOTSUPP " +
      binary() + " run --workspace cow:" + tree.path() + " --result " + result + " -- cat";
  CHECK(std::system(command.c_str()) == 0);
  const Document document = Document::parse(read_file(result));
  CHECK(document.at("enforced.workspace").text() == "copy");
  CHECK(document.bytes("stdout") == "hello");
}
