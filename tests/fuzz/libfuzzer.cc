// One target as libFuzzer calls it; SBFUZZ_TARGET is its function.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Safety: bytes are read as characters, which may alias anything.
  sbfuzz::SBFUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
