// decide(): facts to a verdict. What stops a run, the order of precedence of decide.h, and the
// races: what happens when several things became known in one wake-up.
#include "decide_facts.h"

using namespace sbtest::judging;

TEST_CASE("decide: what becomes of the first process") {
  check({
      {"exit 0", [](Facts&) {}, "ok", "", "", 0},
      {"exit 1", [](Facts& f) { f.exits(1); }, "exited", "", "", 1},
      {"exit 255", [](Facts& f) { f.exits(255); }, "exited", "", "", 255},
      {"SIGSEGV", [](Facts& f) { f.dies_of(SIGSEGV); }, "signaled", "", "", -1, SIGSEGV},
      {"SIGTERM", [](Facts& f) { f.dies_of(SIGTERM); }, "signaled", "", "", -1, SIGTERM},
      {"its end was not seen", [](Facts& f) { f.seen.main_status.reset(); }, "error"},
  });
}

TEST_CASE("decide: p25 an exit status is never taken for a signal nor a signal for ours") {
  check({
      {"exit 137", [](Facts& f) { f.exits(137); }, "exited", "", "", 137},
      {"exit 124", [](Facts& f) { f.exits(124); }, "exited", "", "", 124},
      {"exit 125", [](Facts& f) { f.exits(125); }, "exited", "", "", 125},
      {"exit 127", [](Facts& f) { f.exits(127); }, "exited", "", "", 127},
      {"exit 159", [](Facts& f) { f.exits(159); }, "exited", "", "", 159},
      {"SIGKILL by itself", [](Facts& f) { f.dies_of(SIGKILL); }, "signaled", "", "", -1, SIGKILL},
      {"SIGSYS by itself", [](Facts& f) { f.dies_of(SIGSYS); }, "signaled", "", "", -1, SIGSYS},
      {"SIGXCPU by itself", [](Facts& f) { f.dies_of(SIGXCPU); }, "signaled", "", "", -1, SIGXCPU},
      {"SIGKILL of ours",
       [](Facts& f) {
         f.stopped(StopKind::wall_time);
         f.dies_of(SIGKILL);
       },
       "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"exec failed and nothing ran",
       [](Facts& f) {
         f.fails(sb::Tag::program_not_found);
         f.exits(127);
         f.seen.executed = false;
       },
       "error"},
  });
}

TEST_CASE("decide: each stop of the supervisor") {
  const auto killed_by = [](StopKind kind) {
    return [kind](Facts& f) {
      f.stopped(kind, "X");
      f.dies_of(SIGKILL);
    };
  };
  check({
      {"wall", killed_by(StopKind::wall_time), "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"cpu", killed_by(StopKind::cpu_time), "cpu_time_limit", "cpu_time", "m", -1, SIGKILL},
      {"memory", killed_by(StopKind::memory), "memory_limit", "memory",
       "cgroup1 out-of-memory killer", -1, SIGKILL},
      {"output", killed_by(StopKind::output), "output_limit", "output", "m", -1, SIGKILL},
      {"violation", killed_by(StopKind::violation), "syscall_violation", "", "", -1, SIGKILL},
      {"cancelled", killed_by(StopKind::cancelled), "cancelled", "", "", -1, SIGKILL},
  });
}

TEST_CASE("decide: p30 the first cause stays whatever becomes of the program") {
  check({
      {"a kill is recorded and it exits 0 first", [](Facts& f) { f.stopped(StopKind::wall_time); },
       "wall_time_limit", "wall_time", "m", 0},
      {"a kill is recorded and it exits 3 first",
       [](Facts& f) {
         f.stopped(StopKind::cpu_time);
         f.exits(3);
       },
       "cpu_time_limit", "cpu_time", "m", 3},
      {"cancelled and then exit 0", [](Facts& f) { f.stopped(StopKind::cancelled, "SIGTERM"); },
       "cancelled", "", "", 0},
      {"cancelled and then past the wall time",
       [](Facts& f) {
         f.stopped(StopKind::cancelled, "SIGTERM");
         f.stopped(StopKind::wall_time);
         f.seen.ended_ns = 20 * second_ns;
       },
       "cancelled", "", "", 0},
      {"past the wall time and then cancelled",
       [](Facts& f) {
         f.stopped(StopKind::wall_time);
         f.stopped(StopKind::cancelled, "SIGTERM");
         f.dies_of(SIGKILL);
       },
       "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"a violation after exit 0", [](Facts& f) { f.stopped(StopKind::violation); },
       "syscall_violation", "", "", 0},
      {"a violation and then out of memory",
       [](Facts& f) {
         f.stopped(StopKind::violation);
         f.seen.usage.oom_kills = 1;
         f.dies_of(SIGKILL);
       },
       "syscall_violation", "", "", -1, SIGKILL},
      {"over the CPU time while a wall stop was recorded",
       [](Facts& f) {
         f.stopped(StopKind::wall_time);
         f.seen.usage.cpu_ns = 9 * second_ns;
         f.dies_of(SIGKILL);
       },
       "wall_time_limit", "wall_time", "m", -1, SIGKILL},
      {"SIGXFSZ after a stop",
       [](Facts& f) {
         f.stopped(StopKind::output, "stdout");
         f.dies_of(SIGXFSZ);
       },
       "output_limit", "output", "m", -1, SIGXFSZ},
  });
}

TEST_CASE("decide: p30 exit and deadline in one wake-up go by the time of the end") {
  check({
      {"it ended before the deadline, whatever the clock says now",
       [](Facts& f) { f.seen.ended_ns = 15 * second_ns - 1; }, "ok", "", "", 0},
      {"it ended at the deadline", [](Facts& f) { f.seen.ended_ns = 15 * second_ns; }, "ok", "", "",
       0},
      {"it ended after it", [](Facts& f) { f.seen.ended_ns = 15 * second_ns + 1; },
       "wall_time_limit", "wall_time", "clock at exit", 0},
      {"it ended after it and there is no limit",
       [](Facts& f) {
         f.seen.ended_ns = 99 * second_ns;
         f.spec.limits.wall_time_ns.reset();
       },
       "ok", "", "", 0},
      {"its end seems to be before its start", [](Facts& f) { f.seen.ended_ns = 9 * second_ns; },
       "ok", "", "", 0},
  });
}

TEST_CASE("decide: a limit passed unseen is noticed at the end and never below it") {
  check({
      {"CPU time at the limit", [](Facts& f) { f.seen.usage.cpu_ns = 2 * second_ns; }, "ok", "", "",
       0},
      {"CPU time above it", [](Facts& f) { f.seen.usage.cpu_ns = 2 * second_ns + 1; },
       "cpu_time_limit", "cpu_time", "cgroup1 cpuacct at exit", 0},
      {"CPU time above it and killed by itself",
       [](Facts& f) {
         f.seen.usage.cpu_ns = 3 * second_ns;
         f.dies_of(SIGKILL);
       },
       "cpu_time_limit", "cpu_time", "cgroup1 cpuacct at exit", -1, SIGKILL},
      {"CPU time nobody counted", [](Facts& f) { f.seen.usage.cpu_ns.reset(); }, "ok", "", "", 0},
      {"CPU time without a limit",
       [](Facts& f) {
         f.seen.usage.cpu_ns = 9 * second_ns;
         f.spec.limits.cpu_time_ns.reset();
       },
       "ok", "", "", 0},
      {"wall and CPU time both",
       [](Facts& f) {
         f.seen.ended_ns = 20 * second_ns;
         f.seen.usage.cpu_ns = 9 * second_ns;
       },
       "wall_time_limit", "wall_time", "clock at exit", 0},
      {"more stdout than allowed", [](Facts& f) { f.seen.out.over_limit = true; }, "output_limit",
       "output", "pipe", 0},
      {"more stderr than allowed", [](Facts& f) { f.seen.err.over_limit = true; }, "output_limit",
       "output", "pipe", 0},
      {"more stdout than allowed where that is cut",
       [](Facts& f) {
         f.seen.out.over_limit = true;
         f.spec.limits.on_output_limit = policy::OnOutputLimit::truncate;
       },
       "ok", "", "", 0},
      {"SIGPIPE after too much output",
       [](Facts& f) {
         f.seen.out.over_limit = true;
         f.dies_of(SIGPIPE);
       },
       "output_limit", "output", "pipe", -1, SIGPIPE},
  });
}
