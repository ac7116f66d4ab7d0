#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>
#include <sys/ioctl.h>

#include "policy/check.h"
#include "policy/explain.h"
#include "policy/resolve_syscalls.h"
#include "policy/syscall_table.h"

namespace sb::policy {
namespace {

using Args = std::array<std::uint64_t, 6>;

constexpr std::uint64_t high_bit = std::uint64_t{1} << 32;

// Kernel: int or unsigned int, so that the kernel never looks at the high half.
struct IntArgument {
  std::string_view name;
  unsigned index;
};
constexpr auto int_arguments = std::to_array<IntArgument>({
    {"ioctl", 0},      {"ioctl", 1},      {"fcntl", 0},      {"fcntl", 1},       {"socket", 0},
    {"socket", 1},     {"socket", 2},     {"socketpair", 0}, {"socketpair", 1},  {"socketpair", 2},
    {"setsockopt", 1}, {"setsockopt", 2}, {"getsockopt", 1}, {"getsockopt", 2},  {"prctl", 0},
    {"open", 1},       {"openat", 0},     {"openat", 2},     {"personality", 0}, {"kill", 1},
    {"unshare", 0},    {"setns", 1},      {"accept4", 3},    {"madvise", 2},
});

// Two calls for one thing. A libc uses the second, older or static programs the first.
struct Twins {
  std::string_view older;
  std::string_view newer;
};
constexpr auto twins = std::to_array<Twins>({
    {"open", "openat"},         {"stat", "newfstatat"},
    {"lstat", "newfstatat"},    {"access", "faccessat"},
    {"chmod", "fchmodat"},      {"chown", "fchownat"},
    {"lchown", "fchownat"},     {"mkdir", "mkdirat"},
    {"rmdir", "unlinkat"},      {"unlink", "unlinkat"},
    {"rename", "renameat"},     {"readlink", "readlinkat"},
    {"link", "linkat"},         {"symlink", "symlinkat"},
    {"mknod", "mknodat"},       {"poll", "ppoll"},
    {"select", "pselect6"},     {"epoll_wait", "epoll_pwait"},
    {"pipe", "pipe2"},          {"dup2", "dup3"},
    {"accept", "accept4"},      {"eventfd", "eventfd2"},
    {"signalfd", "signalfd4"},  {"inotify_init", "inotify_init1"},
    {"getdents", "getdents64"}, {"epoll_create", "epoll_create1"},
});

// Calls that a libc tries first. It falls back where they give ENOSYS, and nowhere else.
constexpr auto fallbacks = std::to_array<Twins>({
    {"newfstatat", "statx"},
    {"faccessat", "faccessat2"},
    {"fchmodat", "fchmodat2"},
    {"openat", "openat2"},
    {"close", "close_range"},
    {"futex", "futex_waitv"},
    {"epoll_wait", "epoll_pwait2"},
    {"renameat", "renameat2"},
});

class Pitfalls {
 public:
  Pitfalls(const Profile& profile, std::vector<TracedRule> rules, const Origin& whole,
           std::vector<Finding>& findings)
      : profile_(profile),
        rules_(std::move(rules)),
        default_(default_action_of(profile)),
        whole_(whole),
        findings_(findings) {}

  void check_wide_tests() const;
  void check_structs() const;
  void check_terminal() const;
  void check_default() const;
  void check_processes() const;
  void check_twins() const;
  void check_end() const;

 private:
  // What one call gets, and where that is said.
  struct Decision {
    SyscallAction action;
    Origin origin;
  };

  Decision decide(std::string_view name, const Args& args = {}) const {
    const int number = *number_of(name);
    for (const TracedRule& traced : rules_) {
      if (traced.rule.number == number &&
          std::all_of(traced.rule.args.begin(), traced.rule.args.end(), [&](const ArgTest& test) {
            return (args.at(test.index) & test.mask) == test.value;
          })) {
        return {traced.rule.action, traced.entry != nullptr ? traced.entry->origin : whole_};
      }
    }
    return {default_, explain_default(profile_).origin};
  }

  // Whether some arguments let it run, and whether all do, but for the rules of every profile.
  bool may_run(std::string_view name) const {
    bool any = false;
    (void)every_case(name, [&](const SyscallAction& action) { any = any || lets_run(action); });
    return any;
  }
  bool always_runs(std::string_view name) const {
    bool all = true;
    (void)every_case(name, [&](const SyscallAction& action) { all = all && lets_run(action); });
    return all;
  }

  template <class Look>
  bool every_case(std::string_view name, Look look) const {
    const int number = *number_of(name);
    bool plain = false;
    for (const TracedRule& traced : rules_) {
      if (traced.rule.number == number && (traced.entry != nullptr || traced.rule.args.empty())) {
        look(traced.rule.action);
        plain = plain || traced.rule.args.empty();
      }
    }
    if (!plain) {
      look(default_);
    }
    return plain;
  }

  // Where the profile says of `name` what it does: the entry that decides where no test holds.
  Origin place_of(std::string_view name) const {
    const int number = *number_of(name);
    Origin origin = whole_;
    for (const TracedRule& traced : rules_) {
      if (traced.rule.number == number && traced.entry != nullptr) {
        origin = traced.entry->origin;
      }
    }
    return origin;
  }

  void warn(const Origin& origin, std::string text) const { add(origin, false, std::move(text)); }
  void error(const Origin& origin, std::string text) const { add(origin, true, std::move(text)); }
  void add(const Origin& origin, bool is_error, std::string text) const {
    findings_.push_back({origin.source.empty() ? whole_ : origin, is_error, std::move(text)});
  }

  const Profile& profile_;
  std::vector<TracedRule> rules_;
  SyscallAction default_;
  const Origin& whole_;
  std::vector<Finding>& findings_;
};

// Pitfall 9: a refusal that looks at bits which the kernel ignores is passed by setting them.
void Pitfalls::check_wide_tests() const {
  const SyscallEntry* last = nullptr;
  for (const TracedRule& traced : rules_) {
    const SyscallRule& rule = traced.rule;
    if (traced.entry == nullptr || traced.entry == last || lets_run(rule.action) ||
        !may_run(rule.name)) {
      continue;
    }
    for (const ArgTest& test : rule.args) {
      if (test.mask >> 32 == 0) {
        continue;
      }
      last = traced.entry;
      const bool is_int =
          std::any_of(int_arguments.begin(), int_arguments.end(), [&](const IntArgument& argument) {
            return argument.name == rule.name && argument.index == test.index;
          });
      add(traced.entry->origin, is_int,
          is_int
              ? fmt::format("arg{} of {} is an int: setting its high 32 bits passes this refusal "
                            "by (wide)",
                            test.index, rule.name)
              : fmt::format("this refusal of {} tests the high 32 bits of arg{}, which the "
                            "kernel ignores if it is an int",
                            rule.name, test.index));
    }
  }
}

// Pitfall 11: what no filter can read.
void Pitfalls::check_structs() const {
  if (may_run("clone3") && !always_runs("clone")) {
    error(
        place_of("clone3"),
        "clone3 is allowed, and its flags are in memory, where no filter can read them: the tests "
        "of clone can be passed by");
  } else if (may_run("clone") && !may_run("clone3") &&
             decide("clone3").action != SyscallAction{ActionKind::err, ENOSYS}) {
    error(place_of("clone3"),
          fmt::format("clone is allowed and clone3 is {}: newer libcs start threads by clone3, and "
                      "fall back to clone on errno ENOSYS only",
                      describe(decide("clone3").action)));
  }
  for (const std::string_view restricted : {"openat", "open"}) {
    if (may_run("openat2") && !always_runs(restricted)) {
      error(place_of("openat2"),
            fmt::format("openat2 is allowed, and its flags are in memory, where no filter can read "
                        "them: the rules of {} can be passed by",
                        restricted));
      break;
    }
  }
  if (may_run("io_uring_setup")) {
    warn(place_of("io_uring_setup"),
         "io_uring_setup is allowed: what goes through its rings passes every filter");
  }
}

// Pitfall 8, and that its test holds whatever the high bits are.
void Pitfalls::check_terminal() const {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 2> requests = {
      {{"TIOCSTI", TIOCSTI}, {"TIOCLINUX", TIOCLINUX}}};
  for (const auto& [name, number] : requests) {
    for (const std::uint64_t value : {std::uint64_t{number}, number | high_bit}) {
      const Decision decision = decide("ioctl", {0, value});
      if (lets_run(decision.action)) {
        warn(decision.origin,
             fmt::format("ioctl is allowed with {}{}, which types into a terminal: deny it", name,
                         value == number ? "" : " and a high bit"));
        break;
      }
    }
  }
}

// Pitfall 12: newer calls must look as if they did not exist.
void Pitfalls::check_default() const {
  const bool is_errno = default_.err != 0 && default_.err != ENOSYS;
  if (is_errno) {
    warn(explain_default(profile_).origin,
         fmt::format(
             "a default of {} is also the answer to calls newer than the profile: libcs fall "
             "back on errno ENOSYS only",
             describe(default_)));
  }
  for (const auto& [older, newer] : fallbacks) {
    const SyscallAction action = decide(newer).action;
    if (may_run(older) && !may_run(newer) &&
        !(action.err == ENOSYS && action.kind != ActionKind::kill)) {
      warn(place_of(newer),
           fmt::format("{} is {} and {} is allowed: libcs fall back to it on errno ENOSYS only",
                       newer, describe(action), older));
    }
  }
}

void Pitfalls::check_processes() const {
  const bool forks = may_run("fork") || may_run("vfork") || always_runs("clone");
  if (forks && !may_run("execve")) {
    warn(place_of("execve"),
         fmt::format("execve is {} and processes may be started: they can only be copies of the "
                     "program (its own start is let through)",
                     describe(decide("execve").action)));
  }
}

void Pitfalls::check_twins() const {
  for (const auto& [older, newer] : twins) {
    const bool old_runs = may_run(older);
    if (old_runs == may_run(newer)) {
      continue;
    }
    const std::string_view refused = old_runs ? newer : older;
    const std::string_view allowed = old_runs ? older : newer;
    warn(place_of(refused), fmt::format("{} is {} and {}, which does the same, is allowed", refused,
                                        describe(decide(refused).action), allowed));
  }
}

void Pitfalls::check_end() const {
  if (!may_run("exit_group") || !may_run("exit")) {
    error(place_of("exit_group"), "exit or exit_group is not allowed: no program could end well");
  }
}

}  // namespace

void check_pitfalls(const Profile& profile, const Origin& whole, std::vector<Finding>& findings) {
  Result<std::vector<TracedRule>> rules = trace_syscalls(profile);
  if (!rules) {
    return;  // Why: check_profile tells why; without rules there is nothing to look into.
  }
  const Pitfalls pitfalls(profile, *std::move(rules), whole, findings);
  pitfalls.check_wide_tests();
  pitfalls.check_structs();
  pitfalls.check_terminal();
  pitfalls.check_default();
  pitfalls.check_processes();
  pitfalls.check_twins();
  pitfalls.check_end();
}

}  // namespace sb::policy
