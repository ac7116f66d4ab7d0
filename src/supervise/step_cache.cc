#include "supervise/step_cache.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/core.h>

#include "base/sha256.h"
#include "base/split.h"
#include "base/units.h"
#include "files/supply.h"
#include "filters/filter_cache.h"
#include "policy/resolve.h"
#include "sys/files.h"
#include "sys/kept_files.h"
#include "sys/tree_sum.h"

namespace sb::supervise {
namespace {

constexpr std::string_view format = "sandbox step 1";

// Limit: of one step's output and work directory, and of all.
constexpr std::size_t largest = 256U << 20;
constexpr sys::KeptFiles::Bounds bounds = {.files = 256, .bytes = 1ULL << 30, .size = largest};

// Texts and numbers, so that no two lists of them are the same text.
class Key {
 public:
  void add(std::uint64_t number) {
    std::array<char, sizeof number> bytes{};
    std::memcpy(bytes.data(), &number, sizeof number);
    text_.append(bytes.data(), bytes.size());
  }
  void add(std::string_view text) {
    add(text.size());
    text_ += text;
  }
  void add(const std::vector<std::string>& texts) {
    add(texts.size());
    for (const std::string& text : texts) {
      add(text);
    }
  }
  void add(const std::optional<std::uint64_t>& number) {
    add(std::uint64_t{number.has_value()});
    add(number.value_or(0));
  }
  std::string sum() const { return sha256_hex(text_); }

 private:
  std::string text_;
};

void add_limits(Key& key, const policy::Limits& limits) {
  for (const auto& limit :
       {limits.wall_time_ns, limits.cpu_time_ns, limits.memory_bytes, limits.processes,
        limits.output_bytes, limits.file_size_bytes, limits.disk_bytes, limits.open_files,
        limits.stack_bytes, limits.cpus_millis}) {
    key.add(limit);
  }
  key.add(limits.cpu_set.value_or(""));
  key.add(static_cast<std::uint64_t>(limits.on_output_limit));
}

void add_command(Key& key, const policy::Spec& spec) {
  key.add(spec.command.path_inside);
  key.add(spec.command.argv);
  key.add(spec.command.environment);
  key.add(spec.command.directory);
  key.add(spec.stdio.input_bytes != nullptr ? *spec.stdio.input_bytes : "");
  key.add(static_cast<std::uint64_t>(spec.stdio.error_to_output));
}

// The state of every file of the host that is shown: of the toolchain, whatever it is.
bool add_shown(Key& key, const policy::Files& files) {
  for (const policy::HostMount& mount : files.mounts) {
    const std::optional<std::string> sum = mount.contents != nullptr
                                               ? sha256_hex(mount.contents->view())
                                               : sys::tree_sum(mount.source);
    if (!sum) {
      return false;
    }
    key.add(mount.target);
    key.add(*sum);
  }
  for (const policy::Symlink& link : files.symlinks) {
    key.add(link.path);
    key.add(link.target);
  }
  key.add(files.tmpfs);
  key.add(static_cast<std::uint64_t>(files.workspace));
  return true;
}

// What is put in, as it would be put in.
Result<Done> add_supply(Key& key, const policy::Files& files) {
  files::Supply supply = TRY(files::Supply::open(files));
  for (const policy::FileToPut& file : files.put) {
    key.add(file.target);
    key.add(file.name);
    key.add(std::uint64_t{file.into} << 1 | std::uint64_t{file.extract});
  }
  std::string sum;
  std::string piece;
  while (TRY(supply.next(piece))) {
    piece += sum;
    sum = sha256_hex(piece);
    piece.clear();
  }
  key.add(sum);
  return Done{};
}

// Why one can't be kept whose end hangs on more than what is looked at here.
std::string refusal_of(const policy::Spec& spec) {
  const policy::Files& files = spec.files;
  if (spec.filter_cache.empty()) {
    return "there is no place for it: neither HOME nor XDG_CACHE_HOME is set";
  }
  if (spec.stdio.input == policy::InputKind::caller ||
      spec.stdio.input == policy::InputKind::file) {
    return "its input is not in the request";
  }
  if (spec.stdio.output != policy::OutputKind::capture ||
      spec.stdio.error != policy::OutputKind::capture) {
    return "its output is not captured";
  }
  if (spec.clock.is_virtual()) {
    return "it has a virtual clock";
  }
  if (spec.network == policy::NetworkMode::host) {
    return "it has the host's network";
  }
  if (!files.get.empty()) {
    return "files are copied out";
  }
  const bool writes =
      std::any_of(files.mounts.begin(), files.mounts.end(), [](const policy::HostMount& mount) {
        return mount.mode == policy::MountMode::read_write || mount.device;
      });
  return writes ? "it can write to the host" : "";
}

// What is kept beside the archive, in order: each text with its size before it.
std::vector<std::string*> texts_of(StepResult& result, std::string& namespaces) {
  result::Enforced& enforced = result.enforced;
  return {&result.out,         &result.err,           &result.started,    &namespaces,
          &enforced.seccomp,   &enforced.memory,      &enforced.cpu_time, &enforced.processes,
          &enforced.workspace, &enforced.capabilities};
}

std::string to_bytes(StepResult& result) {
  std::string namespaces;
  for (const std::string& name : result.enforced.namespaces) {
    namespaces += name + " ";
  }
  std::string bytes;
  for (const std::string* text : texts_of(result, namespaces)) {
    bytes += std::to_string(text->size()) + "\n" + *text;
  }
  return bytes;
}

// Takes a text with its size from the front of `bytes`; false: there is none.
bool take_text(std::string_view& bytes, std::string& text) {
  const std::size_t end = bytes.find('\n');
  const auto size =
      end == std::string_view::npos ? std::nullopt : parse_unsigned(bytes.substr(0, end));
  if (!size || *size > bytes.size() - end - 1) {
    return false;
  }
  text = bytes.substr(end + 1, *size);
  bytes.remove_prefix(end + 1 + *size);
  return true;
}

}  // namespace

Result<StepCache> StepCache::look(const policy::Spec& spec) {
  StepCache cache;
  cache.refusal_ = refusal_of(spec);
  if (!cache.refusal_.empty()) {
    return cache;
  }
  Key key;
  key.add(format);
  key.add(SANDBOX_VERSION);
  key.add(spec.profile_sha256);
  add_command(key, spec);
  add_limits(key, spec.limits);
  key.add(static_cast<std::uint64_t>(spec.network));
  key.add(static_cast<std::uint64_t>(spec.ids));
  const policy::SyscallPolicy syscalls = TRY(policy::syscalls_of(spec));
  key.add(filters::cache_key(syscalls, seccomp::KillMode::notify, 0));
  CHECK(add_supply(key, spec.files));
  if (!add_shown(key, spec.files)) {
    cache.refusal_ = "what it is shown of the host can't all be looked at";
    return cache;
  }
  cache.directory_ = spec.filter_cache + "/steps";
  cache.key_ = key.sum();
  return cache;
}

std::optional<StepResult> StepCache::find() const {
  const std::optional<std::string> kept =
      refusal_.empty() ? sys::KeptFiles(directory_, std::string(format), bounds).find(key_)
                       : std::nullopt;
  if (!kept) {
    return std::nullopt;
  }
  std::string_view rest = *kept;
  StepResult result;
  std::string namespaces;
  for (std::string* text : texts_of(result, namespaces)) {
    if (!take_text(rest, *text)) {
      return std::nullopt;
    }
  }
  result.enforced.namespaces = split(namespaces, ' ');
  std::erase(result.enforced.namespaces, "");
  Result<sys::Fd> work = sys::sealed_memfd_of("work", rest, Tag::files_put);
  if (!work) {
    return std::nullopt;
  }
  result.work = *std::move(work);
  return result;
}

void StepCache::keep(const policy::Spec& spec, StepResult& result) const {
  if (!refusal_.empty()) {
    return;
  }
  const Result<StepCache> now = look(spec);
  const sys::ReadResult work =
      sys::read_file(fmt::format("/proc/self/fd/{}", result.work.number()), largest + 1);
  if (!now || now->key_ != key_ || work.err != 0 || work.data.size() > largest) {
    return;
  }
  sys::KeptFiles(directory_, std::string(format), bounds).keep(key_, to_bytes(result) + work.data);
}

}  // namespace sb::supervise
