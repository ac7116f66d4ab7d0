// Trouble: the first look at the host that neither found something nor learnt that it is missing.
// Must not decide whether that matters: who asks does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sb::sys {

// Why kept here and not in each result: much of the host is optional, and whoever asks for it is
// content with "not there"; but a run that is built on an answer that was none may lack a part of
// its root, or a limit. One thread, one command per process.
struct Trouble {
  int err = 0;
  std::string what;
};

// Keeps the first whose errno is a fault of this machine's (is_machine_fault() in base/error.h).
void note_trouble(int err, std::string_view what);
const std::optional<Trouble>& first_trouble();

}  // namespace sb::sys
