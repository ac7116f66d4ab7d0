#include "cgroup/cpu_list.h"

#include <doctest/doctest.h>

using sb::cgroup::parse_cpu_list;
using Cpus = std::set<unsigned>;

TEST_CASE("cpu list: ranges numbers and the kernels new line") {
  CHECK(parse_cpu_list("0-1,3\n") == Cpus{0, 1, 3});
  CHECK(parse_cpu_list("7") == Cpus{7});
  CHECK(parse_cpu_list("\n") == Cpus{});
  CHECK(parse_cpu_list("0-8191")->size() == 8192);
}

TEST_CASE("cpu list: what is none") {
  for (const char* text : {"a", "1-", "-1", "2-1", "8192", "0-99999999999", "1,,2", "1 2"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cpu_list(text));
  }
}
