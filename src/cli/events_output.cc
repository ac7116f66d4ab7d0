#include "cli/events_output.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>

#include "cli/patience.h"
#include "policy/doubtful.h"
#include "result/events.h"
#include "sys/files.h"

namespace sb::cli {
namespace {

constexpr mode_t events_mode = 0644;

Error events_error(const std::string& destination, int err) {
  return Error(Tag::io_result, fmt::format("opening \"{}\" for events", destination), err);
}

Result<sys::Fd> copy_of(int number, const std::string& destination) {
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
    return events_error(destination, EBADF);
  }
  sys::Fd copy(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  if (!copy.valid()) {
    return events_error(destination, errno);
  }
  return copy;
}

}  // namespace

Result<EventsPlace> open_events(const RunOptions& options, const sys::Doubtful& doubtful) {
  const std::string& destination = options.events_destination;
  EventsPlace place;
  if (destination.empty()) {
    return place;
  }
  if (const std::optional<int> number = descriptor_of(destination)) {
    place.fd = TRY(copy_of(*number, destination));
    return place;
  }
  const sys::Location at = sys::locate(destination, doubtful);
  sys::OpenResult file = at.open_for_writing(O_CREAT | O_TRUNC, events_mode);
  if (file.err != 0) {
    return policy::explain_link(events_error(destination, file.err), at);
  }
  place.fd = std::move(file.fd);
  if (at.writable) {
    place.warning =
        fmt::format("the program may write to \"{}\": what it says of events may be the program's",
                    destination);
  }
  return place;
}

void tell_result(sys::FdRef events, sys::FdRef signals, const result::Outcome& outcome) {
  if (!events.valid()) {
    return;
  }
  // Why: as the supervisor does: a reader may take its time, but carries no run past its limit.
  constexpr int patience_ms = 500;
  const bool ended = outcome.status == result::Status::ok ||
                     outcome.status == result::Status::exited ||
                     outcome.status == result::Status::signaled;
  // Why: a reader that left has all that it wanted; the result itself goes elsewhere.
  (void)write_patiently(events, result::result_event(outcome), signals, ended ? -1 : patience_ms);
}

}  // namespace sb::cli
