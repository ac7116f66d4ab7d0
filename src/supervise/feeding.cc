#include "supervise/feeding.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "launch/inside/protocol.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

using inside::PutTrouble;

constexpr std::array words = {
    "",
    "",
    "it is no tar archive",
    "the archive is cut off",
    "it has a number that can't be",
    "its name leads out of the directory, or is none",
    "it is a link that leads out of the directory",
    "it is a hard link, which are not unpacked",
    "it is a device or a pipe",
    "it is of a kind that is not unpacked",
    "the archive has more than 200000 entries",
    "it lies more than 64 directories deep",
    "its name is too long",
};
static_assert(words.size() == inside::put_trouble_count);

const char* hint_of(int err) {
  switch (err) {
    case ENOSPC:
      return "what is put inside counts: --disk is the room for all files in memory";
    case EROFS:
      return "files can be put into /workspace, /tmp, /dev/shm, a --tmpfs or a directory shown rw";
    default:
      return "";
  }
}

}  // namespace

Result<Feeding> Feeding::prepare(const policy::Files& files) {
  Feeding feeding;
  feeding.supply_ = TRY(files::Supply::open(files));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error(Tag::files_put, "making the socket by which files go inside", errno);
  }
  feeding.ours_ = sys::Fd(ends[0]);
  feeding.theirs_ = sys::Fd(ends[1]);
  return feeding;
}

Result<Done> Feeding::start(EventLoop& loop, std::function<void()> on_progress,
                            std::function<void(Error)> on_error) {
  on_progress_ = std::move(on_progress);
  on_error_ = std::move(on_error);
  return loop.add(ours_.ref(), EPOLLOUT, [this, &loop](std::uint32_t) { send_more(loop); });
}

void Feeding::send_more(EventLoop& loop) {
  if (sent_ == waiting_.size()) {
    waiting_.clear();
    sent_ = 0;
    const Result<bool> more = supply_.next(waiting_);
    if (!more || !*more) {
      loop.remove(ours_.ref());
    }
    if (!more) {
      on_error_(more.error());
    }
    if (waiting_.empty()) {
      return;
    }
  }
  const ssize_t put = ::send(ours_.number(), waiting_.data() + sent_, waiting_.size() - sent_,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
  if (put > 0) {
    sent_ += static_cast<std::size_t>(put);
    on_progress_();
  } else if (errno != EAGAIN && errno != EINTR) {
    const int err = errno;
    loop.remove(ours_.ref());
    end();  // Why: a helper that still lives would wait for the rest for ever.
    // Why no error where it has ended: the launch tells why.
    if (err != EPIPE && err != ECONNRESET) {
      on_error_(Error(Tag::files_put, "sending files to the helper inside", err));
    }
  }
}

Result<Done> Feeding::send_all() {
  while (TRY(supply_.next(waiting_))) {
    if (sys::pending_end_signal()) {
      return Error(Tag::files_put, "putting files in a directory", ECANCELED);
    }
    for (sent_ = 0; sent_ < waiting_.size();) {
      const ssize_t put =
          ::send(ours_.number(), waiting_.data() + sent_, waiting_.size() - sent_, MSG_NOSIGNAL);
      if (put < 0 && errno != EINTR) {
        return Done{};  // Why no error: the helper has ended, and says why.
      }
      sent_ += put > 0 ? static_cast<std::size_t>(put) : 0;
    }
    waiting_.clear();
  }
  return Done{};
}

void Feeding::end() { (void)::shutdown(ours_.number(), SHUT_WR); }

Error Feeding::failure() const {
  inside::PutAnswer answer{};
  const ssize_t got = ::recv(ours_.number(), &answer, sizeof answer, MSG_DONTWAIT);
  const auto trouble = static_cast<std::uint32_t>(answer.trouble);
  if (got != sizeof answer || answer.magic != inside::report_magic ||
      trouble >= inside::put_trouble_count || answer.source >= supply_.size()) {
    return {Tag::files_put, "putting files inside, by a helper that was killed"};
  }
  answer.name[sizeof answer.name - 1] = '\0';
  const policy::FileToPut& put = supply_.wanted(answer.source);
  const std::string what = put.extract
                               ? fmt::format("unpacking \"{}\" in \"{}\"", put.shown, put.target)
                               : fmt::format("putting \"{}\" at \"{}\"", put.shown, put.target);
  const std::string entry =
      put.extract ? fmt::format("{}: \"{}\"", what, static_cast<const char*>(answer.name)) : what;
  if (answer.trouble == PutTrouble::system) {
    const Tag tag = Tag::files_put;
    Error error(tag, entry, std::max(answer.err, 0));
    return std::string_view(hint_of(answer.err)).empty()
               ? error
               : std::move(error).with_hint(hint_of(answer.err));
  }
  Error error(Tag::files_archive, fmt::format("{}: {}", entry, words.at(trouble)));
  return answer.trouble == PutTrouble::too_many
             ? std::move(error).with_hint("several archives of fewer entries may be put inside")
             : error;
}

}  // namespace sb::supervise
