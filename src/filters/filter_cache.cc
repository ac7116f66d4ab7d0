#include "filters/filter_cache.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "filters/builtin_filters.h"
#include "policy/syscall_table.h"
#include "seccomp/evaluate.h"
#include "sys/fd.h"
#include "sys/process.h"

// Why raw calls here and not those of sys/files.h: these note a machine's fault, which ends the
// run.
namespace sb::filters {
namespace {

constexpr std::string_view format = "sandbox filter 1\n";
constexpr std::size_t sum_size = 64;  // of a SHA-256 in hex
constexpr std::size_t head_size = format.size() + sum_size;
constexpr std::string_view unfinished = "new.";

// Whether nobody but this user (and root) can have written it.
bool is_ours(const sys::Fd& fd, mode_t type, struct ::stat& status) {
  return fd.valid() && ::fstat(fd.number(), &status) == 0 && (status.st_mode & S_IFMT) == type &&
         status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Invalid where there is none that is ours.
sys::Fd open_directory(const std::string& path) {
  sys::Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct ::stat status {};
  return is_ours(directory, S_IFDIR, status) ? std::move(directory) : sys::Fd();
}

// The sum is also of the key: one file under another's name is none.
std::string sum_of(const std::string& key, std::string_view bytes) {
  return sha256_hex(fmt::format("{}\n{}", key, bytes));
}

bool write_whole(const sys::Fd& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file.number(), text.data(), text.size());
    if (put < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
  }
  return true;
}

// Exactly `size` bytes from the start; empty where there are not as many.
std::string read_whole(const sys::Fd& file, std::size_t size) {
  std::string text(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t more =
        ::pread(file.number(), text.data() + got, size - got, static_cast<off_t>(got));
    if (more == 0 || (more < 0 && errno != EINTR)) {
      return "";
    }
    got += more > 0 ? static_cast<std::size_t>(more) : 0;
  }
  return text;
}

bool is_our_name(std::string_view name) {
  return name.starts_with(unfinished) ||
         (name.size() == sum_size &&
          name.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

// The names of our files, the oldest first.
std::vector<std::string> files_by_age(const sys::Fd& directory) {
  std::vector<std::pair<std::int64_t, std::string>> found;
  const int own = ::openat(directory.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const stream = own >= 0 ? ::fdopendir(own) : nullptr;
  if (stream == nullptr) {
    return {};
  }
  while (const dirent* entry = ::readdir(stream)) {
    const char* name = static_cast<const char*>(entry->d_name);
    struct ::stat status {};
    if (is_our_name(name) &&
        ::fstatat(directory.number(), name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      found.emplace_back(status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec, name);
    }
  }
  (void)::closedir(stream);
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  names.reserve(found.size());
  for (auto& [when, name] : found) {
    names.push_back(std::move(name));
  }
  return names;
}

void make_room(const sys::Fd& directory) {
  const std::vector<std::string> names = files_by_age(directory);
  for (std::size_t i = 0; i + FilterCache::most_files <= names.size(); ++i) {
    (void)::unlinkat(directory.number(), names[i].c_str(), 0);
  }
}

}  // namespace

std::string cache_key(const policy::SyscallPolicy& policy, seccomp::KillMode mode,
                      std::uint32_t waiting_cookie) {
  std::string text = fmt::format("{}{}\n{}\n", format, SANDBOX_VERSION, compiler_fingerprint());
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

std::optional<seccomp::BpfProgram> FilterCache::find(const std::string& key) const {
  const sys::Fd directory = open_directory(directory_);
  if (!directory.valid()) {
    return std::nullopt;
  }
  // Why not blocking: it may be a named pipe.
  const sys::Fd file(::openat(directory.number(), key.c_str(),
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct ::stat status {};
  if (!is_ours(file, S_IFREG, status) || status.st_nlink > 1) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size <= head_size || size > head_size + BPF_MAXINSNS * sizeof(sock_filter) ||
      (size - head_size) % sizeof(sock_filter) != 0) {
    return std::nullopt;
  }
  const std::string text = read_whole(file, size);
  const std::string_view bytes = std::string_view(text).substr(std::min(text.size(), head_size));
  if (!text.starts_with(format) || bytes.empty() ||
      std::string_view(text).substr(format.size(), sum_size) != sum_of(key, bytes)) {
    return std::nullopt;
  }
  seccomp::BpfProgram program;
  program.instructions.resize(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.instructions.data(), bytes.data(), bytes.size());
  return seccomp::is_well_formed(program) ? std::optional(std::move(program)) : std::nullopt;
}

void FilterCache::keep(const std::string& key, const seccomp::BpfProgram& program) const {
  constexpr mode_t own = 0700;
  if (::mkdir(directory_.c_str(), own) != 0 && errno == ENOENT) {
    // Why: ~/.cache is made by whoever needs it first (XDG base directory specification).
    (void)::mkdir(directory_.substr(0, directory_.rfind('/')).c_str(), own);
    (void)::mkdir(directory_.c_str(), own);
  }
  const sys::Fd directory = open_directory(directory_);
  if (!directory.valid()) {
    return;
  }
  make_room(directory);
  // Safety: the kernel takes it as these bytes, too.
  const std::string_view bytes(reinterpret_cast<const char*>(program.instructions.data()),
                               program.instructions.size() * sizeof(sock_filter));
  const std::string name = fmt::format("{}{}.{:x}", unfinished, ::getpid(), sys::monotonic_ns());
  const sys::Fd file(::openat(directory.number(), name.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return;
  }
  // Why under another name first: who reads meanwhile finds a whole file or none.
  if (!write_whole(file, fmt::format("{}{}{}", format, sum_of(key, bytes), bytes)) ||
      ::renameat(directory.number(), name.c_str(), directory.number(), key.c_str()) != 0) {
    (void)::unlinkat(directory.number(), name.c_str(), 0);
  }
}

}  // namespace sb::filters
