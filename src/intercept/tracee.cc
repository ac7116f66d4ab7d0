#include "intercept/tracee.h"

#include <algorithm>
#include <charconv>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::intercept {
namespace {

std::string status_of(pid_t tid) {
  return sys::read_file(fmt::format("/proc/{}/status", tid), 4096).data;
}

// A number of a thread's status.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view name, int base) {
  const std::string key = fmt::format("\n{}:\t", name);
  const std::size_t start = text.find(key);
  if (start == std::string_view::npos) {
    return std::nullopt;
  }
  const char* const first = text.data() + start + key.size();
  std::uint64_t number = 0;
  const auto [end, err] = std::from_chars(first, text.data() + text.size(), number, base);
  return err == std::errc() ? std::optional(number) : std::nullopt;
}

// The number of a thread in the innermost of its pid namespaces: the last of the line.
pid_t inner_number(std::string_view text) {
  const std::size_t start = text.find("\nNSpid:");
  const std::size_t end = text.find('\n', start + 1);
  if (start == std::string_view::npos || end == std::string_view::npos) {
    return 0;
  }
  const std::size_t last = text.find_last_of("\t ", end - 1);
  pid_t number = 0;
  (void)std::from_chars(text.data() + last + 1, text.data() + end, number);
  return number;
}

}  // namespace

ProcFile::ProcFile(std::string path) : path_(std::move(path)) {
  fd_ = sys::Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
}

std::size_t ProcFile::read(std::span<char> to) const {
  const sys::Fd again(fd_.valid() ? -1 : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  const int number = fd_.valid() ? fd_.number() : again.number();
  const ssize_t got = ::pread(number, to.data(), to.size() - 1, 0);
  const std::size_t size = got > 0 ? static_cast<std::size_t>(got) : 0;
  to[size] = '\0';
  return size;
}

std::optional<std::uint64_t> status_number(pid_t tid, std::string_view name, int base) {
  return number_of(status_of(tid), name, base);
}

Tracee* Tracees::find(pid_t tid) {
  const auto found = threads_.find(tid);
  return found != threads_.end() ? &found->second : nullptr;
}

Tracee& Tracees::add(pid_t tid) {
  if (Tracee* const there = find(tid)) {
    return *there;
  }
  Tracee& tracee = threads_[tid];
  tracee.tid = tid;
  const std::string status = status_of(tid);
  tracee.process =
      static_cast<pid_t>(number_of(status, "Tgid", 10).value_or(static_cast<std::uint64_t>(tid)));
  tracee.inner_tid = inner_number(status);
  tracee.order = {++added_};  // until its maker is known
  const std::string folder = fmt::format("/proc/{}/task/{}/", tracee.process, tid);
  tracee.syscall = ProcFile(folder + "syscall");
  tracee.stat = ProcFile(folder + "stat");
  tracee.schedstat = ProcFile(folder + "schedstat");
  return tracee;
}

void Tracees::remove(pid_t tid) {
  const Tracee* const tracee = find(tid);
  if (tracee == nullptr) {
    return;
  }
  const pid_t process = tracee->process;
  threads_.erase(tid);
  if (!has_process(process)) {
    processes_.erase(process);
  }
}

Tracee& Tracees::keep_only(pid_t tid) {
  Order order;
  std::uint32_t made = 0;
  bool announced = true;
  if (const Tracee* const there = find(tid)) {
    order = there->order;
    made = there->made;
    announced = there->announced;
  }
  std::erase_if(threads_, [&](const auto& entry) { return entry.second.process == tid; });
  processes_.erase(tid);
  Tracee& tracee = add(tid);
  tracee.order = order.empty() ? tracee.order : order;
  tracee.made = made;
  tracee.announced = announced;
  return tracee;
}

Order Tracees::order_of_next(Tracee& maker) {
  // Limit: of a chain of processes that each end once they have made the next.
  constexpr std::size_t longest = 64;
  Order order = maker.order;
  ++maker.made;
  if (order.size() < longest) {
    order.push_back(maker.made);
  } else {
    order.back() = ++added_;
  }
  return order;
}

bool Tracees::has_process(pid_t process) const {
  return std::any_of(threads_.begin(), threads_.end(),
                     [&](const auto& entry) { return entry.second.process == process; });
}

pid_t Tracees::outer_tid(pid_t process, pid_t inner) const {
  for (const auto& [tid, tracee] : threads_) {
    if (tracee.process == process && tracee.inner_tid == inner) {
      return tid;
    }
  }
  return 0;
}

}  // namespace sb::intercept
