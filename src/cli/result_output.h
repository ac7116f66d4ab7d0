// Where the result of a run goes: stdout, a file replaced as a whole, or a descriptor.
// Must not know how a result is spelled: result/ does.
#pragma once

#include "base/error.h"
#include "cli/options.h"
#include "result/outcome.h"
#include "sys/fd.h"

namespace sb::cli {

// Where a result goes, settled before the program starts: what a path means afterwards is the
// program's say where it may write there (pitfall 3).
struct ResultPlace {
  sys::Fd directory;  // of a file to be replaced,
  std::string name;   // and its name there, which is no link then
  sys::Fd special;    // a device or a pipe, not opened yet (O_PATH)
};

// Before anything is opened or started, so that a descriptor that is not open, or a directory that
// is missing, costs no run. Links are followed, but none in a doubtful directory. Errors:
// io_result.
Result<ResultPlace> find_result_place(const RunOptions& options, const sys::Doubtful& doubtful);

// The document in the format asked for, written once. JSON is pretty on a terminal, else one line.
// A file is written without a name and takes its own when it is whole, so that a reader never sees
// a part, nor is one left; devices and pipes are written as they are. With --pass and no --result
// nothing is written. Where a reader does not read, a signal to end that comes by `signals` gives
// up. Errors: io_result.
Result<Done> write_result(const RunOptions& options, const ResultPlace& place,
                          const result::Outcome& outcome, sys::FdRef signals = {});

}  // namespace sb::cli
