#include "result/events.h"

#include <doctest/doctest.h>

#include "unit/result/documents.h"

using namespace sb::result;

TEST_CASE("events: each is one line") {
  CHECK(started_event("2026-11-21T16:00:00.123456Z", 2'100'000, 4711) ==
        R"({"event":"started","time_ns":0,"started":"2026-11-21T16:00:00.123456Z",)"
        R"("setup_ns":2100000,"pid":4711})"
        "\n");
  CHECK(output_event(12, "stdout", "a\n\"b\"") ==
        R"({"event":"stdout","time_ns":12,"data":"a\n\"b\"","encoding":"utf-8"})"
        "\n");
  CHECK(output_event(12, "stderr", "\xFF\xFE") ==
        R"({"event":"stderr","time_ns":12,"data":"//4=","encoding":"base64"})"
        "\n");
  CHECK(signal_event(5, 15) ==
        R"({"event":"signal","time_ns":5,"signal":{"number":15,"name":"SIGTERM"}})"
        "\n");
  CHECK(freeze_event(7, "frozen") == "{\"event\":\"frozen\",\"time_ns\":7}\n");
  CHECK(exited_event(9, 3, std::nullopt) ==
        R"({"event":"exited","time_ns":9,"exit_code":3,"signal":null})"
        "\n");
  const Violation violation{
      .syscall = "ptrace", .number = 101, .arch = "x86_64", .action = "killed"};
  CHECK(violation_event(3, violation) ==
        R"({"event":"violation","time_ns":3,"violation":{"syscall":"ptrace","number":101,)"
        R"("arch":"x86_64","args":[],"action":"killed","pid":null,"comm":null,"exe":null,)"
        R"("why":null}})"
        "\n");
  CHECK(result_event(sbtest::limited_outcome(Status::wall_time_limit, "wall_time")) ==
        R"({"event":"result","time_ns":2011000000,"status":"wall_time_limit","exit_code":null,)"
        R"("signal":{"number":9,"name":"SIGKILL"},"reason":"used more than it may"})"
        "\n");
}
