// Parse, dispatch, exit status. The only catch-all of the program.
#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <optional>

#include <malloc.h>

#include "cli/dispatch.h"
#include "cli/print.h"
#include "selftest/probes/probe.h"
#include "sys/process.h"

int main(int argc, char** argv) {
  if (const std::optional<int> status = sb::selftest::probes::run_if_asked(argc, argv)) {
    return *status;
  }
  sb::sys::fill_standard_fds();
  // Why: what the caller's limit of file sizes refuses us is an error that says so (EFBIG); the
  // signal would end us with the exit status of a limit of the program's. It is reset inside.
  (void)std::signal(SIGXFSZ, SIG_IGN);
  // Why: the heap grows in one step to what a run takes, and is not given back in between.
  (void)::mallopt(M_TOP_PAD, 256 << 10);
  (void)::mallopt(M_TRIM_THRESHOLD, 1 << 20);
  try {
    return sb::cli::run_cli(argc, argv);
  } catch (const std::bad_alloc&) {
    const sb::Error error(sb::Tag::internal, "allocating memory", ENOMEM);
    sb::cli::print_error(sb::Error(error).with_hint(
        "sandbox itself needs a few megabytes: see ulimit -v, ulimit -d and the caller's cgroup"));
    return error.exit_code();
  } catch (const std::exception& exception) {
    sb::cli::print_error(sb::Error(sb::Tag::internal, exception.what()));
    return sb::info(sb::Tag::internal).exit_code;
  }
}
