#include "policy/capabilities.h"

#include <cerrno>
#include <memory>

#include <sys/capability.h>

#include "sys/trouble.h"

namespace sb::policy {

bool has_effective_capabilities(std::initializer_list<int> capabilities) {
  const std::unique_ptr<_cap_struct, int (*)(void*)> own(cap_get_proc(), &cap_free);
  if (own == nullptr) {
    // Why: whatever errno says: to take root for somebody without rights would be a guess.
    sys::note_trouble(EIO, "the capabilities of sandbox itself");
    return false;
  }
  for (const int capability : capabilities) {
    cap_flag_value_t value = CAP_CLEAR;
    if (cap_get_flag(own.get(), capability, CAP_EFFECTIVE, &value) != 0 || value != CAP_SET) {
      return false;
    }
  }
  return true;
}

}  // namespace sb::policy
