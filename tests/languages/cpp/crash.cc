// crash throw | overflow | null | bad_alloc | exit: the usual ends of a C++ program.
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

namespace {

int depth(volatile int* below) {
  volatile int here = *below + 1;
  return here == 0 ? 0 : depth(&here) + here;
}

}  // namespace

int main(int, char** argv) {
  const std::string how = argv[1];
  if (how == "throw") {
    throw std::runtime_error("nobody catches this");
  }
  if (how == "overflow") {
    volatile int start = 0;
    return depth(&start);
  }
  if (how == "null") {
    volatile int* volatile nowhere = nullptr;
    return *nowhere;
  }
  if (how == "bad_alloc") {
    try {
      return static_cast<char*>(operator new (std::size_t{1} << 60)) == nullptr;
    } catch (const std::bad_alloc&) {
      std::puts("caught");
      return 0;
    }
  }
  std::exit(3);
}
