#include "policy/syscall_table.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <sys/syscall.h>

#include "policy/symbols.h"
#include "policy/syscall_groups.h"

using namespace sb::policy;

TEST_CASE("syscalls: numbers and names of x86-64") {
  CHECK(number_of("read") == SYS_read);
  CHECK(number_of("futex_waitv") == SYS_futex_waitv);
  CHECK(number_of("cachestat") == 451);
  CHECK(number_of("statmount") == 457);
  CHECK(number_of("mseal") == 462);
  CHECK(number_of("file_setattr") == 469);
  CHECK(name_of(SYS_ptrace) == "ptrace");
  CHECK(name_of(highest_syscall) == "file_setattr");
  CHECK(name_of(400).empty());
  CHECK(name_of(-1).empty());
  CHECK(name_of(1'000'000).empty());
  CHECK_FALSE(number_of("socketcall").has_value());
  for (const std::string_view name : syscall_names()) {
    CHECK(name_of(*number_of(name)) == name);
  }
}

TEST_CASE("syscalls: the number of arguments") {
  CHECK(argument_count(SYS_ptrace) == 4);
  CHECK(argument_count(SYS_getpid) == 0);
  CHECK(argument_count(SYS_mmap) == 6);
  CHECK(argument_count(highest_syscall) == 5);
  CHECK(argument_count(400) == 6);
}

TEST_CASE("syscalls: i386 names are those of int 0x80") {
  CHECK(name_of_i386(26) == "ptrace");
  CHECK(name_of_i386(102) == "socketcall");
  CHECK(name_of_i386(462) == "mseal");
}

TEST_CASE("syscalls: groups nest and know no clone3") {
  const auto has = [](std::string_view group, std::string_view name) {
    const auto numbers = expand_group(group);
    REQUIRE(numbers.has_value());
    return std::binary_search(numbers->begin(), numbers->end(), *number_of(name));
  };
  CHECK(has("@system-service", "openat"));  // by @file-system
  CHECK(has("@base", "futex"));
  CHECK(has("@network-io", "accept4"));
  CHECK_FALSE(has("@process", "clone3"));
  CHECK_FALSE(has("@base", "ptrace"));
  CHECK_FALSE(expand_group("@nope").has_value());
  for (const std::string_view name : group_names()) {
    CAPTURE(name);
    CHECK_FALSE(expand_group(name)->empty());
  }
}

TEST_CASE("syscalls: symbols are names or numbers or both joined") {
  CHECK(parse_symbol("AF_INET6") == 10);
  CHECK(parse_symbol("LOCK_SH|LOCK_NB") == 5);
  CHECK(parse_symbol("0x10") == 16);
  CHECK(parse_symbol("-1") == ~std::uint64_t{0});
  CHECK(parse_symbol("CLONE_NEWUSER|CLONE_NEWNS") == 0x10020000);
  CHECK(parse_symbol("CLONE_NEWUSER | 1") == 0x10000001);
  for (const std::string_view text :
       {"", "AF_NOPE", "1x", "0x", "|", "1|", "--1", "0x1ffffffffffffffff"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_symbol(text).has_value());
  }
}

TEST_CASE("syscalls: arguments as people read them") {
  CHECK(describe_argument(SYS_ptrace, 0, 0) == "PTRACE_TRACEME");
  CHECK(describe_argument(SYS_socket, 0, 16) == "AF_NETLINK");
  CHECK(describe_argument(SYS_socket, 0, 0xdead00000010) == "AF_NETLINK");
  CHECK(describe_argument(SYS_unshare, 0, 0x10020000) == "CLONE_NEWNS|CLONE_NEWUSER");
  CHECK(describe_argument(SYS_clone, 0, 0x10000011) == "CLONE_NEWUSER|0x11");
  CHECK(describe_argument(SYS_read, 1, 0x7ffc0000) == "0x7ffc0000");
  CHECK(describe_argument(SYS_read, 2, 10) == "10");
}
