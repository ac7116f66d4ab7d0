// Numbers and names of system calls: x86-64 up to Linux 6.18, and i386 names for reports.
// Must not know which of them are allowed. (libseccomp 2.5.4 ends at futex_waitv.)
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sb::policy {

// Calls above this number are newer than this release; they get ENOSYS, so that a newer libc falls
// back (pitfall 12).
inline constexpr int highest_syscall = 469;

std::optional<int> number_of(std::string_view name);
// Empty where the number has no name.
std::string_view name_of(int number);
std::string_view name_of_i386(int number);

// How many arguments an x86-64 call has; the registers of the others hold leftovers. 6 where the
// number has no name.
unsigned argument_count(int number);

// Whether another architecture has a call of this name.
bool is_foreign_name(std::string_view name);

// All x86-64 names, in the order of their numbers.
std::span<const std::string_view> syscall_names();

}  // namespace sb::policy
