#include "cli/patience.h"

#include <algorithm>
#include <vector>

#include "sys/files.h"
#include "sys/process.h"

namespace sb::cli {

int write_patiently(sys::FdRef fd, std::string_view bytes, sys::FdRef signals, int patience_ms) {
  const auto ends = [signals] {
    const std::vector<int> numbers = sys::read_signals(signals);
    return std::any_of(numbers.begin(), numbers.end(), sys::is_end_signal);
  };
  return sys::write_patiently(fd, bytes, signals, ends, patience_ms);
}

}  // namespace sb::cli
