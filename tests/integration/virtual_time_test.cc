// A virtual clock: what waits takes no time, shows the right times, and comes out the same.
#include <doctest/doctest.h>

#include "languages.h"

using namespace sbtest;

namespace {

Run run_virtual(const Words& options, const Words& command, const Options& how = {}) {
  Words all = {"--clock", "virtual"};
  all.insert(all.end(), options.begin(), options.end());
  return run_target(all, command, how);
}

Words shell(const std::string& script) { return {"bash", "-c", script}; }

std::string patience() { return std::to_string(static_cast<int>(20 * slow())) + "s"; }

double elapsed_s(const Run& run) { return run.document.at("clock.elapsed_ns").number() / 1e9; }

}  // namespace

// What the probe says was taken from a real kernel, with steps of 100 ms: time_calls 100.
// Red: `value = restart_no_handler` in finish_wait() of intercept/waits.cc as 0.
TEST_CASE("virtual time: every call that waits answers as a real kernel does") {
  const std::string real = read_file(SANDBOX_SOURCE_DIR "/tests/probes/time_calls.expected");
  const Run run = run_virtual({}, {probe("time_calls"), "100"});
  INFO(run.describe());
  expect_ok(run);
  CHECK(run.stdout_bytes() == real);
  CHECK(run.document.at("clock.deterministic").boolean());
  const Run longer = run_virtual({}, {probe("time_calls"), "3600000"});
  CHECK(longer.stdout_bytes() == real);
  CHECK(elapsed_s(longer) > 36 * 3600);
}

// Taken from a real kernel, too: socket_times 100.
// Red: timeout_of() of intercept/sockets.cc as nullopt.
TEST_CASE("virtual time: timeouts of sockets end as a real kernel ends them") {
  const std::string real = read_file(SANDBOX_SOURCE_DIR "/tests/probes/socket_times.expected");
  for (const char* step_ms : {"100", "3600000"}) {
    const Run run = run_virtual({"--wall-time", patience()}, {probe("socket_times"), step_ms});
    INFO(run.describe());
    expect_ok(run);
    CHECK(run.stdout_bytes() == real);
    CHECK(run.document.at("clock.deterministic").boolean());
  }
  const Run run =
      run_virtual({"--wall-time", patience()}, {probe("socket_times"), "100", "forever"});
  INFO(run.describe());
  expect_status(run, "deadlock", 124);
}

// Red: Clock::real() without start_ns_.
TEST_CASE("virtual time: clocks show the start that was asked for and what was slept") {
  const Run run = run_virtual({}, shell("date +%FT%T; sleep 3600; date +%FT%T"));
  expect_ok(run);
  CHECK(run.stdout_bytes() == "2009-11-10T23:00:00\n2009-11-11T00:00:00\n");
  CHECK(elapsed_s(run) == 3600);
  CHECK(run.document.at("clock.start").text() == "2009-11-10T23:00:00Z");
  const Run other = run_virtual({"--clock-start", "2030-01-01"}, {"date", "+%FT%T"});
  CHECK(other.stdout_bytes() == "2030-01-01T00:00:00\n");
  for (const char* bad : {"yesterday", "2030-02-30", "2030-01-01T24:00:00Z", "1969-12-31"}) {
    expect_usage_error(run_target({"--clock-start", bad}, {"true"}), {"--clock-start", bad});
  }
}

// Red: Tracer::show_all() without hooks_.on_moved().
TEST_CASE("virtual time: the uptime in proc is that of the clock and read-only") {
  const Run run = run_virtual({}, shell("cat /proc/uptime; sleep 3600; cat /proc/uptime; "
                                        "sleep 0.25; read up idle < /proc/uptime; echo $up; "
                                        "echo 1 > /proc/uptime || rm /proc/uptime || echo no"));
  INFO(run.describe());
  expect_ok(run);
  CHECK(run.stdout_bytes() == "1000.00 1000.00\n4600.00 4600.00\n4600.25\nno\n");
  CHECK(run.document.at("disk.used_bytes").integer() == 0);
  const Run full = run_virtual({"--disk", "1M"}, shell("head -c 1M /dev/zero > all; sleep 1e9; "
                                                       "cat /proc/uptime"));
  INFO(full.describe());
  expect_ok(full);
  CHECK(full.stdout_bytes() == "1000001000.00 1000001000.00\n");
}

// Red: Supervisor::event_time() without its first lines.
TEST_CASE("virtual time: events carry virtual times and keep the order of the streams") {
  const TempDirectory directory;
  const std::string events = directory.path() + "/events";
  const Run run = run_virtual(
      {"--events", events}, shell("echo a; sleep 1; echo b; echo c >&2; echo d; sleep 60; echo e"));
  expect_ok(run);
  std::string seen;
  for (const std::string& line : lines_of(read_file(events))) {
    const Document event = Document::parse(line);
    const std::string kind = event.at("event").text();
    seen += std::to_string(event.at("time_ns").integer() / 1000000000) + " " + kind;
    seen += event.has("data") ? " " + event.at("data").text() : "\n";
  }
  CHECK(seen ==
        "0 started\n0 stdout a\n1 stdout b\n1 stderr c\n1 stdout d\n61 stdout e\n"
        "61 exited\n61 result\n");
}

// Red: `joins_` false in Supervisor::open_events.
TEST_CASE("virtual time: what one instant brings is one event") {
  const TempDirectory directory;
  const std::string events = directory.path() + "/events";
  const Run run = run_virtual(
      {"--events", events},
      shell("for i in 1 2 3; do echo $i; /bin/echo x; done; echo e >&2; echo f >&2; sleep 9; "
            "printf a; sleep 0; printf b; printf c >&2"));
  expect_ok(run);
  std::string seen;
  for (const std::string& line : lines_of(read_file(events))) {
    const Document event = Document::parse(line);
    seen +=
        event.has("data") ? event.at("event").text() + ": " + event.at("data").text() + "|" : "";
  }
  CHECK(seen == "stdout: 1\nx\n2\nx\n3\nx\n|stderr: e\nf\n|stdout: ab|stderr: c|");
}

// Who answers at the other end of stdin waits for the question.
// Red: Supervisor::awaits_input() without tell_held_output().
TEST_CASE("virtual time: a question is told before its answer is there") {
  if (access("/usr/bin/python3", X_OK) != 0) {
    MESSAGE("skipped: no /usr/bin/python3");
    std::exit(77);
  }
  const TempDirectory directory;
  directory.write("ask.py", R"python(
import json, subprocess, sys
run = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
for line in run.stdout:
    if json.loads(line).get("data") == "name? ":
        run.stdin.write("Ada\n")
        run.stdin.close()
        print("asked")
    elif "hello" in line:
        print(json.loads(line)["data"])
)python");
  const std::string command = "timeout 60 /usr/bin/python3 " + directory.path() + "/ask.py " +
                              binary() +
                              " run --clock virtual --virtual-stdin wait --stdin - --result "
                              "/dev/null --events fd:1 -- sh -c "
                              "'printf \"name? \"; read name; sleep 5; printf \"hello $name\"' > " +
                              directory.path() + "/out";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(read_file(directory.path() + "/out") == "asked\nhello Ada\n");
}

// Red: on_nothing_due() without its last condition.
TEST_CASE("virtual time: what waits for ever is a deadlock") {
  for (const Words& command : {shell("sleep infinity"), shell("kill -STOP $$"),
                               shell("mkfifo p; sleep 5; cat p"), Words{"sleep", "infinity"}}) {
    const Run run = run_virtual({}, command);
    expect_status(run, "deadlock", 124);
    CHECK(run.document.at("cause").is_null());
  }
}

// Red: on_idle() without the comparison with settings_.limit_ns.
TEST_CASE("virtual time: a ticker that never ends meets its limit") {
  const Run run = run_virtual({"--virtual-time", "100s"}, shell("while sleep 30; do echo x; done"));
  expect_limit(run, "virtual_time_limit", "virtual_time", 124);
  CHECK(run.stdout_bytes() == "x\nx\nx\n");
  CHECK(elapsed_s(run) == 100);
}

// Red: set_timer() of supervise/deadlines.cc without wall_end_.
TEST_CASE("virtual time: the other limits stay") {
  expect_limit(run_virtual({"--wall-time", "300ms"}, shell("while sleep 30; do :; done")),
               "wall_time_limit", "wall_time", 124);
  const Run flood = run_virtual({"--output", "64K"}, shell("while sleep 1; do seq 1000; done"));
  expect_limit(flood, "output_limit", "output", 153);
}

// Red: waits_for_clock() of intercept/clock_reads.cc as false: it would never end.
TEST_CASE("virtual time: who reads the clock until it moves sees it move") {
  for (const char* how : {"gettime", "syscall", "counter"}) {
    CAPTURE(how);
    const Run run = run_virtual({}, {probe("read_clock"), how});
    expect_ok(run);
    CHECK(run.document.at("clock.spin_ticks").integer() > 0);
    CHECK(run.document.at("clock.stalls").integer() == 0);
  }
}

// Red: read_image() of intercept/vdso.cc as read_pages(tid, base, most_pages).
TEST_CASE("virtual time: a dynamic program reads its clocks without a system call") {
  const Run run = run_virtual({}, {probe("read_often")});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "stood\n");
  CHECK(run.document.at("clock.spin_ticks").integer() == 0);
}

// Red: `waits` in collect_clock() as false.
TEST_CASE("virtual time: the callers stdin is read first or waited for") {
  Options input;
  input.input = "one\ntwo\n";
  const Run whole = run_virtual({}, shell("sleep 9; cat"), input);
  expect_ok(whole);
  CHECK(whole.stdout_bytes() == "one\ntwo\n");
  CHECK(whole.document.at("clock.deterministic").boolean());
  const Run waited = run_virtual({"--virtual-stdin", "wait"},
                                 shell("read -t 5 a; read -t 5 b; echo $a $b; cat"), input);
  expect_ok(waited);
  CHECK(waited.stdout_bytes() == "one two\n");
  CHECK(elapsed_s(waited) == 0);
  CHECK_FALSE(waited.document.at("clock.deterministic").boolean());
}

// Red: refused_calls() of intercept/calls.cc without clone3, or add_ways_out() without clone.
TEST_CASE("virtual time: no way out of it") {
  for (const char* how : {"untraced", "clone3", "counter", "dumpable", "odd_times", "thread_exec",
                          "many_timers", "storm"}) {
    CAPTURE(how);
    const Run run = run_virtual({"--wall-time", patience()}, {probe("escape_clock"), how});
    INFO(run.describe());
    expect_ok(run);
    CHECK(run.stdout_bytes() == "ok\n");
  }
}

// Red: all_sleep() without still_sleep().
TEST_CASE("virtual time: the clock never moves while a thread can run") {
  const Run run = run_virtual({"--wall-time", patience()}, {probe("escape_clock"), "violation"});
  INFO(run.describe());
  expect_ok(run);
  CHECK(run.stdout_bytes() == "ok\n");
}

// Red: refused_calls() given SECCOMP_RET_ERRNO | EPERM in intercept/trace_filter.cc.
TEST_CASE("virtual time: a forbidden call is still a violation") {
  const Run run = run_virtual({}, {probe("call_syscall"), "ptrace", "0"});
  expect_status(run, "syscall_violation", 159);
  CHECK(run.document.at("violations.0.syscall").text() == "ptrace");
}

// Red: fire_next() without its comparison of `order`.
TEST_CASE("virtual time: ten runs print the same at the same times") {
  std::string first;
  for (int i = 0; i < 10; ++i) {
    const Run run = run_virtual(
        {}, shell("for i in 1 2 3 4; do (sleep 1; echo $i; sleep $i; echo $i) & done; wait; date"));
    expect_ok(run);
    first = i == 0 ? run.stdout_bytes() : first;
    CHECK(run.stdout_bytes() == first);
    CHECK(elapsed_s(run) == 5);
  }
}

// Programs that the tests of the profiles run by a real clock: the same is printed here.
// Red: on_call_end() without note_made_timer().
TEST_CASE("virtual time: shell") {
  const Run run = Program("shell/timers.sh").run({}, {"--clock", "virtual"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "timeout 124\nread 1\ncaught\nlater 1\nalarm 1\n1970\n");
}

// Red: set_interval() of intercept/timer_calls.cc without set_timer().
TEST_CASE("virtual time: python") {
  const Run run = Program("python/timers.py").run({}, {"--clock", "virtual"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "timer True\nfirst second\nTrue\nlater True\n");
  const TempDirectory directory;
  directory.write("wait.py",
                  "import asyncio, subprocess, threading, time\n"
                  "start = time.monotonic()\n"
                  "async def all(): await asyncio.gather(*(asyncio.sleep(i) for i in range(100)))\n"
                  "asyncio.run(all())\n"
                  "event = threading.Event()\n"
                  "threading.Timer(500, event.set).start()\n"
                  "print(event.wait(1000))\n"
                  "subprocess.run(['sleep', '86400'])\n"
                  "print(time.monotonic() - start)\n");
  const Tool python = tool("python3");
  Words options = {"--profile", "python", "--workspace", "ro:" + directory.path()};
  options.insert(options.end(), python.options.begin(), python.options.end());
  const Run waits = run_virtual(options, {python.path, "wait.py"});
  expect_ok(waits);
  CHECK(waits.stdout_bytes() == "True\n86999.0\n");
}

// Red: set_interval() of intercept/timer_calls.cc without set_timer().
TEST_CASE("virtual time: perl") {
  const Run run = Program("perl/timers.pl").run({}, {"--clock", "virtual"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "alarms\nlate\nsignals USR1 TERM, later 1\nend\n");
}

// Red: the rows of epoll_wait and epoll_pwait in intercept/calls.cc away.
TEST_CASE("virtual time: node") {
  const Run run = Program("node/timers.js").run({}, {"--clock", "virtual"});
  expect_ok(run);
  CHECK(run.stdout_bytes() == "tick immediate interval, later true\nSIGUSR2\nend 0\n");
}

// Red: Tracer::fire() without sys::interrupt().
TEST_CASE("virtual time: java") {
  const Run run = Program("java/Timers.java").run({"-XX:-UsePerfData"}, {"--clock", "virtual"});
  INFO(run.describe());
  expect_ok(run);
  CHECK(run.stdout_bytes() == "ticks, later true\nsignal true\nhook\n");
}
