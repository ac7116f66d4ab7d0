#include "supervise/plain_archives.h"

#include <algorithm>
#include <cerrno>

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "files/source.h"
#include "filters/builtin_filters.h"
#include "policy/resolve.h"
#include "supervise/run.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

constexpr const char* decoder = "/usr/bin/bsdtar";

// Limit: of what an archive may become: so many times its size, above what any small one may.
constexpr std::uint64_t ratio = 250;
constexpr std::uint64_t free_bytes = 16ULL << 20;
// Limit: of a zip archive, which is read from its end; it is in memory.
constexpr std::uint64_t largest_zip = 64ULL << 20;
// Limit: of all, where the disk has none.
constexpr std::uint64_t otherwise = 1ULL << 30;

Error archive_error(const policy::FileToPut& put, const std::string& why, int err = 0) {
  return {Tag::files_archive, fmt::format("unpacking \"{}\": {}", put.shown, why), err};
}

// A run of the decoder: it sees itself, its libraries, the archive as its input, and nothing else.
policy::Request request_of(policy::IdMode ids, const std::string& archive, const std::string& plain,
                           std::uint64_t most) {
  policy::Request request{
      .profile = "strict",
      .prepared = filters::builtin_profile("strict"),
      // Why -P: a name that leads out is refused for what it is, not mended.
      .command = {decoder, "-P", "--format", "gnutar", "-cf", "-", "@-"},
      .caller_directory = "/",
      .stdio = {.input = policy::InputKind::file,
                .input_path = archive,
                .output = policy::OutputKind::file,
                .output_path = plain},
      .userns = ids == policy::IdMode::plain ? policy::UsernsChoice::never
                                             : policy::UsernsChoice::automatic,
      // Why: without a control group memory and time have limits of the process.
      .best_effort = true};
  const auto set = [&request](const char* key, std::string text) {
    request.overrides.push_back({.key = key, .text = std::move(text), .option = decoder});
  };
  set("files.root", "empty");
  for (const char* path : {decoder, "/usr/lib", "/usr/lib64", "/lib", "/lib64"}) {
    if (sys::stat_path(path)) {
      set("files.mounts", fmt::format("{}:{}:ro", path, path));
    }
  }
  set("files.directory", "/");
  set("network.mode", "none");
  set("limits.output", std::to_string(most));
  set("limits.memory", "256MiB");
  set("limits.disk", "64KiB");
  set("limits.processes", "1");
  set("limits.cpu_time", "60s");
  set("limits.wall_time", "120s");
  return request;
}

struct Room {
  std::uint64_t bytes = 0;
  bool by_ratio = false;
};

Room room_of(std::uint64_t packed, std::uint64_t left) {
  constexpr std::uint64_t most = 1ULL << 50;  // Why: so that the product fits.
  const std::uint64_t by_ratio = free_bytes + std::min(packed, most) * ratio;
  return by_ratio < left ? Room{by_ratio, true} : Room{left, false};
}

// The first line of what the decoder says, which is of the archive: data.
std::string complaint_of(const result::Outcome& outcome) {
  constexpr std::size_t longest = 200;
  std::string text(outcome.err.data.view().substr(0, longest));
  text.erase(std::min(text.find('\n'), text.size()));
  // Why: so it says of one that is cut off, and of a password that nobody can give.
  const bool says_nothing = text.empty() || text == "bsdtar: (null)";
  return says_nothing ? "bsdtar can't read it: it is cut off or encrypted" : text;
}

Result<Done> judge(result::Outcome outcome, const policy::FileToPut& put, const Room& room) {
  using result::Status;
  switch (outcome.status) {
    case Status::ok:
      return Done{};
    case Status::error:
      return std::move(*outcome.error).context(fmt::format("unpacking \"{}\"", put.shown));
    case Status::cancelled:
      return archive_error(put, "by bsdtar", ECANCELED);
    case Status::output_limit:
      if (room.by_ratio) {
        return archive_error(put, fmt::format("it would be more than {} times its size", ratio))
            .with_hint("an archive that grows so much is taken for a bomb; a plain tar is not");
      }
      return Error(Tag::files_put, fmt::format("unpacking \"{}\"", put.shown), ENOSPC)
          .with_hint("what is put inside counts: --disk is the room for all files in memory");
    case Status::memory_limit:
    case Status::wall_time_limit:
    case Status::cpu_time_limit:
      return archive_error(put, "bsdtar was stopped: " + outcome.reason)
          .with_hint("pack it with fewer names or a smaller dictionary, or as a plain tar");
    default:
      return archive_error(put, complaint_of(outcome));
  }
}

Result<Done> check_zip(const policy::FileToPut& put, std::string_view packer, std::uint64_t size) {
  if (packer == "zip" && size > largest_zip) {
    return archive_error(put, "it is a zip archive of more than 64 MiB", EFBIG)
        .with_hint("a tar archive may be larger");
  }
  return Done{};
}

Result<Done> check_decoder(const policy::FileToPut& put, std::string_view packer) {
  const auto program = sys::stat_path(decoder);
  if (!program || !S_ISREG(program->st_mode)) {
    return Error(Tag::host_unsupported,
                 fmt::format("unpacking \"{}\": {} takes {}, which this host does not have",
                             put.shown, packer, decoder))
        .with_hint("install libarchive-tools; a plain tar archive needs nothing");
  }
  return Done{};
}

}  // namespace

Result<Done> make_plain(const policy::FileToPut& archive, sys::FdRef from, sys::FdRef plain,
                        std::uint64_t most, policy::IdMode ids, const policy::HostFacts& facts,
                        sys::FdRef signals) {
  const std::string_view packer = files::packer_of(from);
  struct ::stat status {};
  if (::fstat(from.number(), &status) != 0) {
    return files::source_error(archive, errno);
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  CHECK(check_decoder(archive, packer));
  CHECK(check_zip(archive, packer, size));
  const Room room = room_of(size, most);
  const policy::Request request =
      request_of(ids, fmt::format("/proc/self/fd/{}", from.number()),
                 fmt::format("/proc/self/fd/{}", plain.number()), room.bytes);
  const policy::Spec decoding =
      TRY_AS(policy::resolve(request, facts), fmt::format("unpacking \"{}\"", archive.shown));
  CHECK(policy::check_looks());
  return judge(run(decoding, facts, {.signals = signals}, sys::monotonic_ns()), archive, room);
}

Result<std::vector<sys::Fd>> make_archives_plain(policy::Spec& spec, const policy::HostFacts& facts,
                                                 const Channels& channels) {
  std::vector<sys::Fd> held;
  // Why twice: as for a step's work directory, names take room in an archive, too.
  constexpr std::uint64_t most = 1ULL << 40;
  std::uint64_t left = 2 * std::min(spec.limits.disk_bytes.value_or(otherwise / 2), most);
  for (policy::FileToPut& put : spec.files.put) {
    if (!put.extract) {
      continue;
    }
    const sys::Fd archive = TRY(files::open_archive(put, spec.files.doubtful));
    if (files::packer_of(archive.ref()).empty()) {
      continue;
    }
    sys::Fd plain(::memfd_create("archive", MFD_CLOEXEC));
    if (!plain.valid()) {
      return Error(Tag::files_put, fmt::format("unpacking \"{}\"", put.shown), errno);
    }
    held.push_back(std::move(plain));
    CHECK(
        make_plain(put, archive.ref(), held.back().ref(), left, spec.ids, facts, channels.signals));
    struct ::stat made {};
    if (::fstat(held.back().number(), &made) != 0) {
      return Error(Tag::files_put, fmt::format("unpacking \"{}\"", put.shown), errno);
    }
    left -= std::min(left, static_cast<std::uint64_t>(made.st_size));
    put.source = fmt::format("/proc/self/fd/{}", held.back().number());
  }
  return held;
}

}  // namespace sb::supervise
