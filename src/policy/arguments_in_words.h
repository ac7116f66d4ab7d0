// Tests of a call's arguments as people read them: "arg0 is AF_UNIX or AF_INET".
// Must not know what follows when they hold.
#pragma once

#include <string>
#include <vector>

#include "policy/profile.h"

namespace sb::policy {

// Joined by "and"; empty where there is no test.
std::string conditions_in_words(int syscall, const std::vector<ArgCondition>& conditions);
std::string tests_in_words(int syscall, const std::vector<ArgTest>& tests);

}  // namespace sb::policy
