// Run by the build: merges every built-in profile, compiles its filter, writes builtin_filters.inc.
// Why: reading one takes 1.5 ms and libseccomp 2 ms, each as long as a launch (decisions/0017).
#include <cstdio>

#include <fmt/core.h>

#include "base/sha256.h"
#include "launch/inside/protocol.h"
#include "policy/profile.h"
#include "policy/profile_settings.h"
#include "policy/resolve_syscalls.h"
#include "policy/set_id_bits.h"
#include "seccomp/compile.h"

namespace {

// The settings as an array, after trying that unpacking them gives the same again.
sb::Result<std::string> array_of_settings(const sb::policy::Profile& profile) {
  const auto settings = TRY(sb::policy::settings_of(profile));
  const std::vector<std::pair<std::string_view, std::string_view>> views(settings.begin(),
                                                                         settings.end());
  const sb::policy::Profile again = TRY(sb::policy::unpack({profile.name, profile.sha256, views}));
  if (TRY(sb::policy::settings_of(again)) != settings) {
    return sb::Error(sb::Tag::internal, fmt::format("unpacking the settings of {}", profile.name));
  }
  std::string text = fmt::format("constexpr std::array<Setting, {}> settings_of_{} = {{{{\n",
                                 settings.size(), profile.name);
  for (const auto& [key, value] : settings) {
    text += fmt::format("{{\"{}\", R\"value({})value\"}},\n", key, value);
  }
  return text + "}};\n";
}

sb::Result<std::string> array_of(const std::string& name, const sb::policy::SyscallPolicy& policy) {
  const sb::seccomp::BpfProgram program =
      TRY(sb::seccomp::compile(policy, sb::seccomp::KillMode::notify, sb::inside::waiting_cookie));
  std::string text = fmt::format("constexpr std::array<sock_filter, {}> {} = {{{{\n",
                                 program.instructions.size(), name);
  for (const sock_filter& instruction : program.instructions) {
    text += fmt::format("{{{}, {}, {}, {}u}},\n", instruction.code, instruction.jt, instruction.jf,
                        instruction.k);
  }
  return text + "}};\n";
}

sb::Result<std::string> table_of_filters() {
  std::string arrays;
  std::string entries;
  for (const std::string& name : sb::policy::builtin_profile_names()) {
    const sb::policy::Profile profile = TRY(sb::policy::load_profile(name));
    sb::policy::SyscallPolicy policy = TRY(sb::policy::resolve_syscalls(profile));
    arrays += TRY(array_of("filter_of_" + name, policy));
    sb::policy::forbid_set_id_bits(policy);
    arrays += TRY(array_of("guarded_filter_of_" + name, policy));
    arrays += TRY(array_of_settings(profile));
    entries += fmt::format(
        "Entry{{{{\"{0}\", \"{1}\", settings_of_{0}}}, filter_of_{0}, guarded_filter_of_{0}}},\n",
        name, profile.sha256);
  }
  return fmt::format(
      "{}constexpr std::string_view fingerprint = \"{}\";\nconstexpr std::array entries = "
      "{{\n{}}};\n",
      arrays, sb::sha256_hex(arrays), entries);
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
