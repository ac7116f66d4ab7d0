#include "supervise/stdio.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/doubtful.h"
#include "sys/files.h"
#include "sys/process.h"

namespace sb::supervise {
namespace {

constexpr std::uint64_t largest_memory_input = 64ULL << 20;

struct Pipe {
  sys::Fd read_end;
  sys::Fd write_end;
};

Result<Pipe> make_pipe(Tag tag) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error(tag, "making a pipe", errno);
  }
  return Pipe{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

// Kernel: O_NONBLOCK belongs to one end of a pipe; the target's end stays blocking.
Result<Done> make_nonblocking(sys::FdRef fd, Tag tag) {
  if (::fcntl(fd.number(), F_SETFL, ::fcntl(fd.number(), F_GETFL) | O_NONBLOCK) != 0) {
    return Error(tag, "making a pipe non-blocking", errno);
  }
  return Done{};
}

Result<Done> pump_input(Stdio& stdio) {
  Pipe pipe = TRY(make_pipe(Tag::io_stdin));
  CHECK(make_nonblocking(pipe.write_end.ref(), Tag::io_stdin));
  stdio.inside[0] = std::move(pipe.read_end);
  stdio.input = std::move(pipe.write_end);
  return Done{};
}

Result<Done> make_input(InputShape shape, Stdio& stdio) {
  if (shape == InputShape::pipe) {
    return pump_input(stdio);
  }
  if (shape == InputShape::memory) {
    sys::MemoryFile memory = TRY(sys::new_memory_file("stdin", Tag::io_stdin));
    stdio.inside[0] = std::move(memory.reader);
    stdio.memory = std::move(memory.writer);
    return Done{};
  }
  sys::OpenResult file = sys::open_path("/dev/null", O_RDONLY | O_NOCTTY);
  if (file.err != 0) {
    return Error(Tag::io_stdin, "opening \"/dev/null\" for stdin", file.err);
  }
  stdio.inside[0] = std::move(file.fd);
  return Done{};
}

// The caller's stdin to its end. Errors: io.stdin; with ECANCELED where a signal to end came first.
Result<Done> read_whole(sys::FdRef memory) {
  if (::isatty(STDIN_FILENO) == 1) {
    return Done{};  // Why: its end may never come, and nobody types before a program asks.
  }
  constexpr int look_ms = 50;
  std::uint64_t size = 0;
  std::vector<char> buffer(64UL << 10);
  for (;;) {
    if (sys::pending_end_signal()) {
      return Error(Tag::io_stdin, "reading stdin to its end", ECANCELED);
    }
    pollfd readable{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, look_ms) == 0) {
      continue;
    }
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
      continue;
    }
    if (got <= 0) {
      return Done{};  // Why: an unreadable stdin is an empty one, as for InputPump.
    }
    size += static_cast<std::uint64_t>(got);
    if (size > largest_memory_input) {
      return Error(Tag::io_stdin, "reading stdin to its end", EFBIG)
          .with_hint("with --virtual-stdin wait it is passed on as it comes");
    }
    CHECK(sys::write_into_memory(memory, {buffer.data(), static_cast<std::size_t>(got)},
                                 Tag::io_stdin));
  }
}

// Why in memory: the target can seek in it and map it, but not reach the host's file.
Result<Done> fill_input(const policy::Stdio& wanted, const sys::Doubtful& doubtful, Stdio& stdio) {
  if (!stdio.memory.valid()) {
    return Done{};
  }
  const sys::Fd memory = std::move(stdio.memory);
  if (wanted.input == policy::InputKind::bytes) {
    CHECK(sys::write_into_memory(memory.ref(), *wanted.input_bytes, Tag::io_stdin));
    return sys::seal(memory.ref(), Tag::io_stdin);
  }
  if (wanted.input == policy::InputKind::whole) {
    CHECK(read_whole(memory.ref()));
    return sys::seal(memory.ref(), Tag::io_stdin);
  }
  const std::string& path = wanted.input_path;
  // Why not blocking: a named pipe would keep us here until somebody writes, deaf to signals; it is
  // none of the files that can be copied, and is refused below.
  const sys::Location at = sys::locate(path, doubtful);
  const sys::OpenResult file = at.open(O_RDONLY | O_NOCTTY | O_NONBLOCK);
  if (file.err != 0) {
    return policy::explain_link(
        Error(Tag::io_stdin, fmt::format("opening \"{}\" for stdin", path), file.err), at);
  }
  CHECK_AS(sys::copy_into_memory(memory.ref(), file.fd.ref(), largest_memory_input, Tag::io_stdin),
           fmt::format("reading \"{}\" for stdin", path));
  return sys::seal(memory.ref(), Tag::io_stdin);
}

Result<sys::Fd> open_output(const std::string& path, const sys::Doubtful& doubtful) {
  const sys::Location at = sys::locate(path, doubtful);
  sys::OpenResult file = at.open_for_writing(O_CREAT | O_TRUNC, 0666);
  if (file.err != 0) {
    return policy::explain_link(
        Error(Tag::io_output, fmt::format("opening \"{}\" for writing", path), file.err), at);
  }
  return std::move(file.fd);
}

bool is_same_file(sys::FdRef a, sys::FdRef b) {
  struct ::stat first {};
  struct ::stat second {};
  return ::fstat(a.number(), &first) == 0 && ::fstat(b.number(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Why: two descriptions of one file would each write from its start, one over the other.
Result<Done> share_file(Stdio& stdio) {
  if (!stdio.output_file.valid() || !stdio.error_file.valid() ||
      !is_same_file(stdio.output_file.ref(), stdio.error_file.ref())) {
    return Done{};
  }
  const int copy = ::fcntl(stdio.output_file.number(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) {
    return Error(Tag::io_output, "duplicating the file of stdout for stderr", errno);
  }
  stdio.error_file = sys::Fd(copy);
  stdio.error_sink = stdio.error_file.ref();
  return Done{};
}

Result<Done> open_sink(policy::OutputKind kind, const std::string& path,
                       const sys::Doubtful& doubtful, int standard, sys::Fd& file,
                       sys::FdRef& sink) {
  if (kind == policy::OutputKind::file) {
    file = TRY(open_output(path, doubtful));
    sink = file.ref();
  } else if (kind == policy::OutputKind::pass) {
    sink = sys::FdRef(standard);
  }
  return Done{};
}

}  // namespace

InputShape shape_of(policy::InputKind kind) {
  switch (kind) {
    case policy::InputKind::caller:
      return InputShape::pipe;
    case policy::InputKind::null:
      return InputShape::null;
    case policy::InputKind::file:
    case policy::InputKind::bytes:
    case policy::InputKind::whole:
      break;
  }
  return InputShape::memory;
}

Result<Stdio> make_stdio(InputShape input, bool error_to_output) {
  Stdio stdio;
  CHECK(make_input(input, stdio));
  Pipe output = TRY(make_pipe(Tag::io_output));
  CHECK(make_nonblocking(output.read_end.ref(), Tag::io_output));
  stdio.output = std::move(output.read_end);
  stdio.inside[1] = std::move(output.write_end);
  if (error_to_output) {
    const int copy = ::fcntl(stdio.inside[1].number(), F_DUPFD_CLOEXEC, 3);
    if (copy < 0) {
      return Error(Tag::io_output, "duplicating stdout for stderr", errno);
    }
    stdio.inside[2] = sys::Fd(copy);
    return stdio;
  }
  Pipe error = TRY(make_pipe(Tag::io_output));
  CHECK(make_nonblocking(error.read_end.ref(), Tag::io_output));
  stdio.error = std::move(error.read_end);
  stdio.inside[2] = std::move(error.write_end);
  return stdio;
}

Result<Done> fill_stdio(const policy::Stdio& wanted, const sys::Doubtful& doubtful, Stdio& stdio) {
  CHECK(fill_input(wanted, doubtful, stdio));
  CHECK(open_sink(wanted.output, wanted.output_path, doubtful, STDOUT_FILENO, stdio.output_file,
                  stdio.output_sink));
  if (wanted.error_to_output) {
    return Done{};
  }
  CHECK(open_sink(wanted.error, wanted.error_path, doubtful, STDERR_FILENO, stdio.error_file,
                  stdio.error_sink));
  return share_file(stdio);
}

}  // namespace sb::supervise
