#include "launch/host_ids.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::launch {
namespace {

// Why: above everything that login managers, container managers and systemd hand out (its own
// ranges end at 1879048191), and below 2^31, where some programs stop counting.
constexpr std::uint32_t range_first = 1'900'000'000;
constexpr std::uint32_t pairs = 65'536;
constexpr const char* directory = "/run/sandbox";
constexpr const char* lock_file = "/run/sandbox/ids";

Result<sys::Fd> open_locks() {
  if (const int err = sys::make_directory(directory); err != 0 && err != EEXIST) {
    return Error(Tag::ids_exhausted, fmt::format("making directory \"{}\"", directory), err);
  }
  sys::OpenResult file = sys::open_path(lock_file, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (file.err != 0) {
    return Error(Tag::ids_exhausted, fmt::format("opening \"{}\"", lock_file), file.err);
  }
  return std::move(file.fd);
}

}  // namespace

Result<HostIds> HostIds::take() {
  sys::Fd file = TRY(open_locks());
  // Why: starting points spread over the range, so that a free pair is found at the first try.
  const std::uint32_t start = static_cast<std::uint32_t>(::getpid()) * 2'654'435'761U % pairs;
  for (std::uint32_t i = 0; i < pairs; ++i) {
    const std::uint32_t pair = (start + i) % pairs;
    struct ::flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = pair;
    lock.l_len = 1;
    if (::fcntl(file.number(), F_OFD_SETLK, &lock) == 0) {
      return HostIds(std::move(file), range_first + pair * 2);
    }
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
      return Error(Tag::ids_exhausted, fmt::format("locking \"{}\"", lock_file), errno);
    }
  }
  return Error(Tag::ids_exhausted, "finding a free pair of host ids", EAGAIN);
}

}  // namespace sb::launch
