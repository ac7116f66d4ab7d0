#include "sys/trouble.h"

#include "base/error.h"

namespace sb::sys {
namespace {

std::optional<Trouble>& kept() {
  static std::optional<Trouble> first;
  return first;
}

}  // namespace

void note_trouble(int err, std::string_view what) {
  if (!kept() && is_machine_fault(err)) {
    kept() = Trouble{err, std::string(what)};
  }
}

const std::optional<Trouble>& first_trouble() { return kept(); }

}  // namespace sb::sys
