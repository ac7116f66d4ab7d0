// What is in force in a profile after `extends`, in words, and which line of which file says so.
// Must not judge: check.h does.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "policy/profile.h"
#include "policy/syscall_policy.h"

namespace sb::policy {

struct ExplainedSetting {
  std::string key;    // "limits.memory"; "environment.set.PATH"
  std::string value;  // as one might write it: "512MiB"
  Origin origin;
};

// All but the lists of system calls.
std::vector<ExplainedSetting> explain_settings(const Profile& profile);

// What one entry, or a rule of every profile, says of one call.
struct ExplainedRule {
  std::string name;       // as in the entry: the call's, or "@group"
  std::string condition;  // "arg0 is AF_UNIX or AF_INET"; empty: any arguments
  SyscallAction action;
  std::string why;
  Origin origin;            // without a source: of every profile
  bool is_default = false;  // of the profile's default action
};

struct ExplainedCall {
  int number = 0;
  std::string name;
  std::vector<ExplainedRule> rules;  // the first whose condition holds decides; the last has none
  std::vector<ExplainedRule> set_aside;  // what other entries say, which does not count
};

// Every call that an entry or a rule of every profile decides, by number. Errors: those of
// resolve_syscalls.
Result<std::vector<ExplainedCall>> explain_syscalls(const Profile& profile);
// A call that the default action decides.
ExplainedRule explain_default(const Profile& profile);

// "allowed", "killed", "errno EPERM", "errno EPERM, and listed", "allowed, and listed".
std::string describe(const SyscallAction& action);
// "allowed if arg0 is AF_UNIX, else errno EAFNOSUPPORT".
std::string verdict_on(const ExplainedCall& call);

}  // namespace sb::policy
