// For builds with SANDBOX_COVERAGE only: makes the counters of gcov common to a process and all
// that it clones. What runs between clone and exec, and whoever is killed, can write no file of the
// host: their counts are then in the memory of the supervisor, which writes all of them at its own
// end. Why all zeroed data of the program: the counters lie there; nothing else in it is changed by
// a child that its parent would miss. The C library has its own.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char __bss_start[];
extern char _end[];

__attribute__((constructor)) static void share_counters(void) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t first = (uintptr_t)__bss_start & ~(page - 1);
  const size_t size = (((uintptr_t)_end + page - 1) & ~(page - 1)) - first;
  void* const shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    return;  // as under a limit of memory: what is lost is a count
  }
  // Safety: whole pages of the program's own, with what they hold; nothing else runs yet.
  memcpy(shared, (void*)first, size);
  if (mremap(shared, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void*)first) == MAP_FAILED) {
    abort();
  }
}
