#include "fuzz/targets.h"

#include <array>

namespace sbfuzz {

std::span<const Target> all_targets() {
  static constexpr std::array targets = {
      Target{"argv", fuzz_argv},           Target{"control", fuzz_control},
      Target{"events", fuzz_events},       Target{"filter", fuzz_filter},
      Target{"needs", fuzz_needs},         Target{"oci", fuzz_oci},
      Target{"playback", fuzz_playback},   Target{"proc", fuzz_proc},
      Target{"profile", fuzz_profile},     Target{"progress", fuzz_progress},
      Target{"recording", fuzz_recording}, Target{"request", fuzz_request},
      Target{"serve", fuzz_serve},         Target{"tar", fuzz_tar},
      Target{"units", fuzz_units},
  };
  return targets;
}

}  // namespace sbfuzz
