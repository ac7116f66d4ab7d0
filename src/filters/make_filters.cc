// Run by the build: compiles every built-in profile's filter and writes builtin_filters.inc.
// Why: libseccomp takes 2 ms for one, as long as all the rest of a launch (decisions/0017).
#include <cstdio>

#include <fmt/core.h>

#include "launch/inside/protocol.h"
#include "policy/profile.h"
#include "policy/resolve_syscalls.h"
#include "seccomp/compile.h"

namespace {

sb::Result<std::string> table_of_filters() {
  std::string arrays;
  std::string entries;
  for (const std::string& name : sb::policy::builtin_profile_names()) {
    const sb::policy::Profile profile = TRY(sb::policy::load_profile(name));
    const sb::policy::SyscallPolicy policy = TRY(sb::policy::resolve_syscalls(profile));
    const sb::seccomp::BpfProgram program = TRY(
        sb::seccomp::compile(policy, sb::seccomp::KillMode::notify, sb::inside::waiting_cookie));
    arrays += fmt::format("constexpr std::array<sock_filter, {}> filter_of_{} = {{{{\n",
                          program.instructions.size(), name);
    for (const sock_filter& instruction : program.instructions) {
      arrays += fmt::format("{{{}, {}, {}, {}u}},\n", instruction.code, instruction.jt,
                            instruction.jf, instruction.k);
    }
    arrays += "}};\n";
    entries += fmt::format("Entry{{\"{}\", filter_of_{}}},\n", profile.sha256, name);
  }
  return fmt::format("{}constexpr std::array entries = {{\n{}}};\n", arrays, entries);
}

}  // namespace

int main(int argc, char** argv) {
  const sb::Result<std::string> table = table_of_filters();
  if (!table || argc != 2) {
    (void)std::fprintf(stderr, "make_filters: %s\n",
                       table ? "usage: make_filters FILE" : table.error().to_line().c_str());
    return 1;
  }
  std::FILE* file = std::fopen(argv[1], "we");
  const bool written = file != nullptr && std::fputs(table->c_str(), file) >= 0;
  return file != nullptr && std::fclose(file) == 0 && written ? 0 : 1;
}
