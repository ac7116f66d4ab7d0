#include "supervise/root_archive.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <map>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sha256.h"
#include "files/source.h"
#include "files/supply.h"
#include "launch/inside/inside.h"
#include "supervise/feeding.h"
#include "supervise/plain_archives.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

// Limit: of roots that are kept, and of the plain archive of one.
constexpr std::size_t most_roots = 16;
constexpr std::uint64_t most_bytes = 8ULL << 30;
constexpr std::string_view unfinished = "new.";

Error root_error(const std::string& path, int err) {
  return {Tag::files_source, fmt::format("making a root of \"{}\"", path), err};
}

// A directory that nobody but this user can have written; invalid where it is none.
sys::Fd open_ours(const std::string& path) {
  sys::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct ::stat status {};
  const bool ours = fd.valid() && ::fstat(fd.number(), &status) == 0 &&
                    status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  return ours ? std::move(fd) : sys::Fd();
}

// What the archive is, as long as nobody writes to it (decisions/0034).
std::string key_of(const struct ::stat& status) {
  return sha256_hex(fmt::format("sandbox root 1 {} {} {} {}.{} {}.{}", status.st_dev, status.st_ino,
                                status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                                status.st_ctim.tv_sec, status.st_ctim.tv_nsec));
}

// Keeps the one who unpacks alone, also the next time that this process asks.
Result<Done> lock_alone(const sys::Fd& roots, const std::string& archive) {
  while (::flock(roots.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return root_error(archive, errno);
    }
    if (sys::pending_end_signal()) {
      return root_error(archive, ECANCELED);
    }
    constexpr timespec moment{.tv_sec = 0, .tv_nsec = 20'000'000};
    (void)::nanosleep(&moment, nullptr);
  }
  return Done{};
}

// Held open, and locked so that nobody removes it: by this process, and by the init of each run.
sys::Fd hold(const std::string& path) {
  sys::Fd root = open_ours(path);
  if (!root.valid() || ::flock(root.number(), LOCK_SH | LOCK_NB) != 0) {
    return {};
  }
  // Why again: it may have been removed before the lock.
  struct ::stat now {};
  struct ::stat held {};
  const bool same = ::stat(path.c_str(), &now) == 0 && ::fstat(root.number(), &held) == 0 &&
                    now.st_dev == held.st_dev && now.st_ino == held.st_ino;
  return same ? std::move(root) : sys::Fd();
}

void remove_tree(const std::string& path) {
  std::error_code ignored;  // Why: what can't be removed now is tried again by the next.
  std::filesystem::remove_all(path, ignored);
}

// What killed writers left, and the oldest that nobody uses. Only with the lock.
void make_room(const std::string& directory, const sys::Fd& roots) {
  std::vector<std::pair<std::int64_t, std::string>> kept;
  for (const std::string& name : sys::list_directory(roots.ref()).names) {
    struct ::stat status {};
    if (name.starts_with(unfinished)) {
      remove_tree(fmt::format("{}/{}", directory, name));
    } else if (::fstatat(roots.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      kept.emplace_back(status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec, name);
    }
  }
  std::sort(kept.begin(), kept.end());
  std::size_t left = kept.size();
  for (const auto& [when, name] : kept) {
    const std::string path = fmt::format("{}/{}", directory, name);
    const sys::Fd root = open_ours(path);
    if (left < most_roots) {
      return;
    }
    if (root.valid() && ::flock(root.number(), LOCK_EX | LOCK_NB) == 0) {
      const std::string gone = fmt::format("{}/{}{}", directory, unfinished, name);
      if (::rename(path.c_str(), gone.c_str()) == 0) {
        remove_tree(gone);
        --left;
      }
    }
  }
}

Result<Done> unpack(const policy::FileToPut& archive, const sys::Fd& directory) {
  policy::Files alone;
  alone.put = {archive};
  Feeding feeding = TRY(Feeding::prepare(alone));
  const pid_t child = ::fork();
  if (child < 0) {
    return Error(Tag::files_put, fmt::format("unpacking \"{}\"", archive.shown), errno);
  }
  if (child == 0) {
    inside::unpack_root(feeding.theirs().number(), directory.number());
  }
  feeding.close_theirs();
  const Result<Done> sent = feeding.send_all();
  feeding.end();
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  CHECK(sent);
  return status == 0 ? Result<Done>(Done{}) : feeding.failure();
}

// The archive as a plain one: itself, or a file without a name beside the roots.
Result<sys::Fd> plain_of(const policy::FileToPut& archive, const std::string& directory,
                         policy::IdMode ids, const policy::HostFacts& facts) {
  sys::Fd from = TRY(files::open_archive(archive, {}));
  if (files::packer_of(from.ref()).empty()) {
    return from;
  }
  sys::Fd plain(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!plain.valid()) {
    return root_error(archive.shown, errno);
  }
  const sys::Fd signals = TRY(sys::take_signals());
  CHECK(make_plain(archive, from.ref(), plain.ref(), most_bytes, ids, facts, signals.ref()));
  return plain;
}

Result<Done> make(const policy::FileToPut& archive, const std::string& directory,
                  const std::string& key, policy::IdMode ids, const policy::HostFacts& facts) {
  const sys::Fd plain = TRY(plain_of(archive, directory, ids, facts));
  const std::string path = fmt::format("{}/{}{}", directory, unfinished, ::getpid());
  if (::mkdir(path.c_str(), 0755) != 0) {
    return root_error(archive.shown, errno);
  }
  const sys::Fd made = open_ours(path);
  policy::FileToPut source = archive;
  source.source = fmt::format("/proc/self/fd/{}", plain.number());
  Result<Done> done = made.valid() ? unpack(source, made) : root_error(archive.shown, errno);
  // Why removed: under this name, but none of ours (hold()).
  const std::string place = fmt::format("{}/{}", directory, key);
  if (done && ::rename(place.c_str(), (path + ".old").c_str()) == 0) {
    remove_tree(path + ".old");
  }
  // Why first on the disk: after a crash of the machine it is whole, or has no name.
  if (done && (::syncfs(made.number()) != 0 || ::rename(path.c_str(), place.c_str()) != 0)) {
    done = root_error(archive.shown, errno);
  }
  if (!done) {
    remove_tree(path);
  }
  return done;
}

// What was there already, or is now. Only one process at a time makes it.
Result<sys::Fd> make_once(const std::string& archive, const std::string& directory,
                          const std::string& key, policy::IdMode ids,
                          const policy::HostFacts& facts) {
  const std::string path = fmt::format("{}/{}", directory, key);
  if (sys::Fd root = hold(path); root.valid()) {
    return root;
  }
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  (void)::chmod(directory.c_str(), 0700);
  const sys::Fd roots = open_ours(directory);
  if (!roots.valid()) {
    return root_error(archive, failed ? failed.value() : EACCES)
        .with_hint(
            fmt::format("\"{}\" must be a directory that only this user can write", directory));
  }
  CHECK(lock_alone(roots, archive));
  // Why again: another may have made it meanwhile.
  if (sys::Fd root = hold(path); root.valid()) {
    return root;
  }
  make_room(directory, roots);
  const policy::FileToPut source{
      .source = archive, .target = "/", .shown = archive, .extract = true};
  CHECK(make(source, directory, key, ids, facts));
  sys::Fd root = hold(path);
  return root.valid() ? Result<sys::Fd>(std::move(root)) : root_error(archive, EBUSY);
}

}  // namespace

policy::UnpackRoot root_unpacker(const policy::HostFacts& facts) {
  return [&facts](const std::string& archive, const std::string& cache,
                  policy::IdMode ids) -> Result<std::string> {
    static std::map<std::string, sys::Fd> held;
    const auto status = sys::stat_path(archive);
    if (!status) {
      return root_error(archive, errno);
    }
    if (cache.empty()) {
      return root_error(archive, ENOENT)
          .with_hint("what is unpacked is kept below HOME or XDG_CACHE_HOME, and neither is set");
    }
    const std::string directory = cache + "/roots";
    const std::string key = key_of(*status);
    std::string path = fmt::format("{}/{}", directory, key);
    if (!held.contains(path)) {
      held.emplace(path, TRY(make_once(archive, directory, key, ids, facts)));
    }
    return path;
  };
}

}  // namespace sb::supervise
