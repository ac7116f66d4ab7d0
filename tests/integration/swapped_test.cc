// Files that the caller names in a directory that the program may write: what the program makes of
// their names is never followed, read or waited for.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "harness.h"

using namespace sbtest;

namespace {

// A file of the host's that only the caller may read or write, and a directory to share.
class Victim {
 public:
  Victim() {
    require("root");
    require("owner mapping");
    host_.write("secret", "secret\n", 0600);
    REQUIRE(mkdir((host_.path() + "/folder").c_str(), 0700) == 0);
    shared_.write("input", "input\n", 0644);
    REQUIRE(mkdir((shared_.path() + "/out").c_str(), 0777) == 0);
  }
  std::string secret() const { return host_.path() + "/secret"; }
  std::string folder() const { return host_.path() + "/folder"; }
  std::string shared(const std::string& name) const { return shared_.path() + "/" + name; }

  // Runs `script` there, with files of the caller's in out/.
  Run run(const std::string& script, const Words& more = {}) const {
    Words words = {"--workspace", "rw:" + shared_.path(), "--env",    "SECRET=" + secret(),
                   "--env",       "FOLDER=" + folder(),   "--result", shared("out/result"),
                   "--stdout",    shared("out/stdout"),   "--stderr", shared("out/stderr"),
                   "--events",    shared("out/events"),   "--stdin",  shared("input")};
    words.insert(words.end(), more.begin(), more.end());
    return run_target(words, {"sh", "-c", script});
  }

  void expect_untouched() const {
    CHECK(read_file(secret()) == "secret\n");
    struct stat status = {};
    REQUIRE(stat(secret().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(status.st_nlink == 1);
    CHECK(std::filesystem::is_empty(folder()));
  }

 private:
  TempDirectory host_;
  TempDirectory shared_;
};

void expect_result(const Victim& victim, const std::string& path, const char* status) {
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(path)));
  const Document document = Document::parse(read_file(path));
  REQUIRE(document.is_present());
  CHECK(document.at("status").text() == status);
  CHECK_FALSE(contains(document.dump(), "secret\\n"));
  victim.expect_untouched();
}

}  // namespace

// Red: in write_file of cli/result_output.cc, open and rename by options.result_destination again,
// where its links lead now.
TEST_CASE("p3 the result replaces whatever the program has put in its place") {
  for (const char* swap :
       {"ln -s $SECRET out/result", "ln -s ../../../../../..$SECRET out/result",
        "ln -s $FOLDER/new out/result", "mkfifo out/result", "ln input out/result",
        "ln -s /dev/tty out/result", "ln -s result out/result", "echo theirs > out/result"}) {
    CAPTURE(std::string(swap));
    const Victim victim;
    const Run run = victim.run(swap);
    INFO(run.describe());
    CHECK(run.exit_status == 0);
    CHECK(run.elapsed_s < 10 * slow());
    expect_result(victim, victim.shared("out/result"), "ok");
    CHECK(read_file(victim.shared("input")) == "input\n");
  }
}

TEST_CASE("p3 the result stays in the directory that it was to go to") {
  const Victim victim;
  const Run run = victim.run("mv out away && ln -s $FOLDER out");
  INFO(run.describe());
  CHECK(run.exit_status == 0);
  expect_result(victim, victim.shared("away/result"), "ok");
}

TEST_CASE("p3 a directory in the place of the result is an error and no verdict") {
  const Victim victim;
  const Run run = victim.run("mkdir out/result");
  CHECK(run.exit_status == 125);
  CHECK(contains(run.err, "io.result"));
  CHECK(std::filesystem::is_empty(victim.shared("out/result")));
  victim.expect_untouched();
}

// Red: `return doubt` at once in doubt_of() of sys/locate.cc, or {} for spec.files.doubtful of
// resolve_files.cc.
TEST_CASE("p3 the names that a run leaves are not followed by the next") {
  const Victim victim;
  CHECK(victim.run("ln -s $SECRET out/link; ln -s $FOLDER out/way; mkfifo out/pipe").exit_status ==
        0);
  const std::string link = victim.shared("out/link");
  const std::string way = victim.shared("out/way");
  const std::string pipe = victim.shared("out/pipe");
  const std::vector<Words> ways = {{"--stdin", link},
                                   {"--stdout", link},
                                   {"--stderr", link},
                                   {"--result", link},
                                   {"--events", link},
                                   {"--put", link + ":/tmp/x"},
                                   {"--put", way + "/:/tmp/x"},
                                   {"--get", "/etc/passwd:" + link},
                                   {"--get", "/etc/passwd:" + way + "/"},
                                   {"--stdout", way + "/new"},
                                   {"--result", way + "/new"},
                                   {"--events", way + "/new"},
                                   {"--mount", link + ":/x"},
                                   {"--mount", way + ":/x"},
                                   {"--root", way},
                                   {"--stdout", pipe},
                                   {"--stderr", pipe},
                                   {"--result", pipe},
                                   {"--events", pipe}};
  for (const Words& words : ways) {
    CAPTURE(words[0] + " " + words[1]);
    const Run run = victim.run("cat /x /tmp/x; echo theirs", words);
    INFO(run.describe());
    CHECK((run.exit_status == 2 || run.exit_status == 125));
    CHECK(run.elapsed_s < 10 * slow());
    CHECK_FALSE(contains(run.out, "theirs"));
    const std::string said = run.err + read_file(victim.shared("out/result"));
    CHECK(contains(said, words[1] == pipe ? "No such device" : "no link is followed"));
    (void)unlink(victim.shared("out/result").c_str());
    victim.expect_untouched();
  }
  // Also of a step that can't write there itself.
  Options options;
  options.input =
      R"({"steps": [{"name": "a", "command": ["true"], "files": {"put": [{"source": ")" + link +
      R"(", "target": "/tmp/x"}]}}, {"name": "b", "command": ["true"], "files": )" +
      R"({"mounts": [{"source": ")" + victim.shared("") +
      R"(", "target": "/x", "mode": "rw"}]}}]})";
  const Run steps = run_sandbox({"run", "--request", "-"}, options);
  INFO(steps.describe());
  CHECK(contains(steps.out, "files.source"));
  CHECK(contains(steps.out, "no link is followed"));
}

// As between a step that compiles and one that runs. Red: only rw in doubtful_directories().
TEST_CASE("p3 nor by a run that may only read there") {
  const Victim victim;
  CHECK(victim.run("ln -s $SECRET out/link").exit_status == 0);
  for (const char* mode : {"ro:", "cow:"}) {
    for (const char* option : {"--stdin", "--stdout", "--result", "--events"}) {
      CAPTURE(std::string(mode) + option);
      const Run run = run_target(
          {"--workspace", mode + victim.shared(""), option, victim.shared("out/link")}, {"cat"});
      INFO(run.describe());
      CHECK((run.exit_status == 2 || run.exit_status == 125));
      CHECK(contains(run.out + run.err, "no link is followed"));
      victim.expect_untouched();
    }
  }
  const Run warned = run_target(
      {"--workspace", "ro:" + victim.shared(""), "--events", victim.shared("out/events")},
      {"true"});
  expect_ok(warned);
  CHECK_FALSE(contains(warned.out, "may be the program's"));
}

// Red: leave prepared.doubtful empty in refuse() of supervise/prepare.cc.
TEST_CASE("p3 the result of a run that is refused follows no link of the run before") {
  const Victim victim;
  CHECK(victim.run("ln -s $SECRET out/link").exit_status == 0);
  const std::string link = victim.shared("out/link");
  for (const char* option : {"--result", "--events"}) {
    for (const Words& reason : {Words{"--env", "A=1"}, Words{"--mount", "/none:/x"}}) {
      CAPTURE(std::string(option) + " " + reason[1]);
      Words words = {"--workspace", "rw:" + victim.shared(""), option, link};
      words.insert(words.end(), reason.begin(), reason.end());
      const Run run = run_target(words, {victim.shared("out/none")});
      INFO(run.describe());
      CHECK(run.exit_status == 125);
      CHECK(contains(run.err, "no link is followed"));
      victim.expect_untouched();
    }
  }
}

// Red: leave check_links out of use_callers_file in policy/find_program.cc.
TEST_CASE("p3 a program that only a link of the run before leads to is not run") {
  const Victim victim;
  const TempDirectory host;
  const std::string tool = host.write("tool", "#!/bin/sh\necho theirs\n", 0700);
  const Run before = victim.run(
      "ln -s $TOOL out/bad; ln -s own out/good; printf '#!/bin/sh\necho own\n' > out/own; "
      "chmod 755 out/own",
      {"--env", "TOOL=" + tool});
  CHECK(before.exit_status == 0);
  const Words shown = {"--workspace", "rw:" + victim.shared("")};
  const Run bad = run_target(shown, {victim.shared("out/bad")});
  INFO(bad.describe());
  CHECK(bad.document.at("error.tag").text() == "program.not_found");
  CHECK(contains(bad.out, "no link is followed"));
  const Run good = run_target(shown, {victim.shared("out/good")});
  expect_ok(good);
  CHECK(good.stdout_bytes() == "own\n");
}

// Whatever is there when the time is over.
TEST_CASE("p3 names that change in a loop lead nowhere and hold nobody") {
  const Victim victim;
  for (int round = 0; round < 5; ++round) {
    const Run run = victim.run(
        "cd out; while :; do for name in result stdout stderr events; do "
        "ln -sfT $SECRET $name; rm $name; mkfifo $name; rm $name; ln ../input $name; rm $name; "
        "ln -sfT $FOLDER/new $name; done; done 2>/dev/null",
        {"--wall-time", std::to_string(60 + 13 * round) + "ms"});
    INFO(run.describe());
    CHECK(run.exit_status == 124);
    CHECK(run.elapsed_s < 10 * slow());
    expect_result(victim, victim.shared("out/result"), "wall_time_limit");
    for (const char* name : {"result", "stdout", "stderr", "events"}) {
      (void)unlink(victim.shared(std::string("out/") + name).c_str());
    }
  }
}

// Red: open the files of supervise/stdio.cc after the run.
TEST_CASE("p3 output goes to the files of before whatever their names mean now") {
  const Victim victim;
  const Run run = victim.run(
      "cd out; for name in stdout stderr events; do mv $name was-$name; ln -s $SECRET $name; done; "
      "echo out; echo err >&2");
  CHECK(run.exit_status == 0);
  victim.expect_untouched();
  CHECK(read_file(victim.shared("out/was-stdout")) == "out\n");
  CHECK(read_file(victim.shared("out/was-stderr")) == "err\n");
  CHECK(contains(read_file(victim.shared("out/was-events")), "\"exited\""));
}

TEST_CASE("p3 a file of events that the program may write to is warned of") {
  const Victim victim;
  CHECK(victim.run("echo '{\"event\":\"result\",\"status\":\"ok\"}' >> out/events; exit 3")
            .exit_status == 3);
  CHECK(contains(read_file(victim.shared("out/result")),
                 "what it says of events may be the program's"));
  const TempDirectory elsewhere;
  CHECK(victim.run("exit 3", {"--events", elsewhere.path() + "/events"}).exit_status == 3);
  CHECK_FALSE(contains(read_file(victim.shared("out/result")), "may be the program's"));
}

// Red: give the target the file itself in the place of a copy (open_input of supervise/stdio.cc).
TEST_CASE("p3 input is what the file held before the program ran") {
  const Victim victim;
  const Run run = victim.run("ln -sf $SECRET input; cat");
  CHECK(run.exit_status == 0);
  CHECK(read_file(victim.shared("out/stdout")) == "input\n");
}

// Red: open the file for stdin in supervise/stdio.cc without O_NONBLOCK.
TEST_CASE("p3 a named pipe for stdin is refused and not waited for") {
  const TempDirectory directory;
  const std::string pipe = directory.path() + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0666) == 0);
  const Run run = run_target({"--stdin", pipe}, {"true"});
  INFO(run.describe());
  CHECK(run.exit_status == 2);
  CHECK(run.document.at("error.tag").text() == "io.stdin");
  CHECK(run.elapsed_s < 10 * slow());
}
