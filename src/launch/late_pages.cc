#include "launch/late_pages.h"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <sys/mman.h>

namespace sb::launch {
namespace {

// Limit: of words, and of all strings together. Kernel: pages that nobody touches cost nothing.
constexpr std::size_t most_words = 4096;
constexpr std::size_t strings_size = 1 << 20;

struct Layout {
  inside::LateCommand steps;
  char* argv[most_words + 1];
  char* environment[most_words + 1];
  char strings[strings_size];
};

// Safety: start_ is of a mapping of this size, zeroed by the kernel.
Layout& layout(char* start) { return *reinterpret_cast<Layout*>(start); }

}  // namespace

Result<LatePages> LatePages::create() {
  void* memory = ::mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return Error(Tag::launch_clone, "mapping the pages of a late command", errno);
  }
  return LatePages(static_cast<char*>(memory));
}

LatePages::~LatePages() {
  if (start_ != nullptr) {
    ::munmap(start_, sizeof(Layout));
  }
}

const char* LatePages::program() const { return layout(start_).strings; }
char* const* LatePages::argv() const { return layout(start_).argv; }
char* const* LatePages::environment() const { return layout(start_).environment; }
inside::LateCommand& LatePages::steps() const { return layout(start_).steps; }

const char* LatePages::keep(std::string_view text) {
  if (text.size() >= strings_size - used_) {
    return nullptr;
  }
  char* const place = layout(start_).strings + used_;
  std::memcpy(place, text.data(), text.size());
  place[text.size()] = '\0';
  used_ += text.size() + 1;
  return place;
}

bool LatePages::fill(char** pointers, const std::vector<std::string>& words) {
  if (words.size() > most_words) {
    return false;
  }
  for (const std::string& word : words) {
    // Safety: execve(2) takes what it only reads without const.
    *pointers = const_cast<char*>(keep(word));
    if (*pointers++ == nullptr) {
      return false;
    }
  }
  *pointers = nullptr;
  return true;
}

bool LatePages::set_command(const policy::Command& command) {
  used_ = 0;  // Why first: where program() points.
  return keep(command.path_inside) != nullptr && fill(layout(start_).argv, command.argv) &&
         fill(layout(start_).environment, command.environment);
}

}  // namespace sb::launch
