#include "filters/filter_cache.h"

#include <array>
#include <cstring>
#include <string_view>

#include <fmt/core.h>

#include "base/sha256.h"
#include "filters/builtin_filters.h"
#include "policy/syscall_table.h"
#include "seccomp/evaluate.h"

namespace sb::filters {
namespace {

constexpr std::string_view format = "sandbox filter 2";

}  // namespace

std::string cache_key(const policy::SyscallPolicy& policy, seccomp::KillMode mode,
                      std::uint32_t waiting_cookie) {
  std::string text = fmt::format("{}\n{}\n{}\n", format, SANDBOX_VERSION, compiler_fingerprint());
  const auto put = [&text](std::uint64_t number) {
    std::array<char, sizeof number> bytes{};
    std::memcpy(bytes.data(), &number, sizeof number);
    text.append(bytes.data(), bytes.size());
  };
  const auto put_action = [&put](const policy::SyscallAction& action) {
    put(static_cast<std::uint64_t>(action.kind));
    put(static_cast<std::uint64_t>(action.err));
  };
  put(static_cast<std::uint64_t>(mode));
  put(waiting_cookie);
  put(static_cast<std::uint64_t>(policy::highest_syscall));
  put_action(policy.default_action);
  for (const policy::SyscallRule& rule : policy.rules) {
    put(static_cast<std::uint64_t>(rule.number));
    put_action(rule.action);
    put(rule.args.size());
    for (const policy::ArgTest& test : rule.args) {
      put(test.index);
      put(test.mask);
      put(test.value);
    }
  }
  return sha256_hex(text);
}

FilterCache::FilterCache(std::string directory)
    : files_(std::move(directory), std::string(format),
             {.files = most_files,
              .bytes = most_files * BPF_MAXINSNS * sizeof(sock_filter),
              .size = BPF_MAXINSNS * sizeof(sock_filter)}) {}

std::optional<seccomp::BpfProgram> FilterCache::find(const std::string& key) const {
  const std::optional<std::string> bytes = files_.find(key);
  if (!bytes || bytes->size() % sizeof(sock_filter) != 0) {
    return std::nullopt;
  }
  seccomp::BpfProgram program;
  program.instructions.resize(bytes->size() / sizeof(sock_filter));
  std::memcpy(program.instructions.data(), bytes->data(), bytes->size());
  return seccomp::is_well_formed(program) ? std::optional(std::move(program)) : std::nullopt;
}

void FilterCache::keep(const std::string& key, const seccomp::BpfProgram& program) const {
  // Safety: the kernel takes it as these bytes, too.
  files_.keep(key, {reinterpret_cast<const char*>(program.instructions.data()),
                    program.instructions.size() * sizeof(sock_filter)});
}

}  // namespace sb::filters
