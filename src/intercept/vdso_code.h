// The code that takes the place of the vDSO's: reads the virtual clock without a system call.
// Must not depend on where it lies: it is copied into each traced program.
#pragma once

#include <cstdint>

// The machine code, position-independent, followed by one VdsoCell (vdso_code.cc).
extern "C" const char sb_vdso_code[];
extern "C" const char sb_vdso_clock_gettime[];
extern "C" const char sb_vdso_gettimeofday[];
extern "C" const char sb_vdso_time[];
extern "C" const char sb_vdso_clock_getres[];
extern "C" const char sb_vdso_cell[];
extern "C" const char sb_vdso_end[];

namespace sb::intercept {

// What the code reads; written by the supervisor at each change of the clock.
struct VdsoCell {
  std::uint64_t real_ns;
  std::uint64_t monotonic_ns;
  std::uint64_t calls;    // not 0: every reading is a system call
  std::uint64_t limit;    // the count of readings from which on they are
  std::uint64_t counter;  // the address, in the program's own memory, of that count
};
static_assert(sizeof(VdsoCell) == 40);

}  // namespace sb::intercept
