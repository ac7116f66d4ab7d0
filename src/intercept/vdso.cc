#include "intercept/vdso.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <elf.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "sys/files.h"

namespace sb::intercept {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t most_pages = 4;

std::size_t code_size() { return static_cast<std::size_t>(sb_vdso_end - sb_vdso_code); }

// Where the functions of a vDSO lie, and room for our code; 0: not there.
struct Layout {
  std::size_t size = 0;
  std::size_t room = 0;
  std::uint64_t clock_gettime = 0;
  std::uint64_t gettimeofday = 0;
  std::uint64_t time = 0;
  std::uint64_t clock_getres = 0;
};

// A copy of the image, read with bounds.
class Image {
 public:
  explicit Image(std::vector<char> bytes) : bytes_(std::move(bytes)) {}
  std::size_t size() const { return bytes_.size(); }
  // Zero where it is not there.
  template <class T>
  T at(std::uint64_t offset) const {
    T value{};
    if (offset <= bytes_.size() && sizeof value <= bytes_.size() - offset) {
      std::memcpy(&value, bytes_.data() + offset, sizeof value);
    }
    return value;
  }
  std::string_view text(std::uint64_t offset) const {
    if (offset >= bytes_.size()) {
      return {};
    }
    const std::string_view rest(bytes_.data() + offset, bytes_.size() - offset);
    return rest.substr(0, rest.find('\0'));
  }
  // How many zero bytes it ends with: what the kernel has filled the last page up with.
  std::size_t empty_tail() const {
    const auto last =
        std::find_if(bytes_.rbegin(), bytes_.rend(), [](char byte) { return byte != 0; });
    return static_cast<std::size_t>(last - bytes_.rbegin());
  }

 private:
  std::vector<char> bytes_;
};

Image read_pages(pid_t tid, std::uint64_t base, std::size_t pages) {
  std::vector<char> bytes(pages * page);
  return Image(sys::read_memory(tid, base, bytes.data(), bytes.size()) ? std::move(bytes)
                                                                       : std::vector<char>());
}

// Why by its headers: what is mapped right behind it, often the dynamic loader, is not part of it.
// Kernel: the whole file is mapped, and its section headers are the last of it; what is to be
// loaded ends a page earlier in Linux 6.1.
Image read_image(pid_t tid, std::uint64_t base) {
  const Image first = read_pages(tid, base, 1);
  const auto header = first.at<Elf64_Ehdr>(0);
  std::uint64_t end = header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto entry = first.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (entry.p_type == PT_LOAD) {
      end = std::max(end, entry.p_offset + entry.p_filesz);
    }
  }
  return read_pages(tid, base, std::clamp<std::size_t>((end + page - 1) / page, 1, most_pages));
}

std::uint64_t dynamic_offset(const Image& image) {
  const auto header = image.at<Elf64_Ehdr>(0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto entry = image.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (entry.p_type == PT_DYNAMIC) {
      return entry.p_offset;
    }
  }
  return 0;
}

Layout layout_of(const Image& image) {
  Layout layout{.size = image.size()};
  constexpr unsigned most_entries = 64;
  constexpr unsigned most_symbols = 64;
  std::uint64_t symbols = 0;
  std::uint64_t names = 0;
  const std::uint64_t dynamic = dynamic_offset(image);
  for (unsigned i = 0; dynamic != 0 && i < most_entries; ++i) {
    const auto entry = image.at<Elf64_Dyn>(dynamic + i * sizeof(Elf64_Dyn));
    if (entry.d_tag == DT_NULL) {
      break;
    }
    symbols = entry.d_tag == DT_SYMTAB ? entry.d_un.d_ptr : symbols;
    names = entry.d_tag == DT_STRTAB ? entry.d_un.d_ptr : names;
  }
  // Kernel: the names lie behind the symbols.
  for (unsigned i = 1; symbols != 0 && i < most_symbols; ++i) {
    const std::uint64_t offset = symbols + i * sizeof(Elf64_Sym);
    if (offset >= names) {
      break;
    }
    const auto symbol = image.at<Elf64_Sym>(offset);
    const std::string_view name = image.text(names + symbol.st_name);
    const auto take = [&](std::string_view wanted, std::uint64_t& place) {
      place = name == wanted ? symbol.st_value : place;
    };
    take("__vdso_clock_gettime", layout.clock_gettime);
    take("__vdso_gettimeofday", layout.gettimeofday);
    take("__vdso_time", layout.time);
    take("__vdso_clock_getres", layout.clock_getres);
  }
  constexpr std::size_t align = 64;
  if (image.empty_tail() >= code_size() + align) {
    layout.room = (image.size() - code_size()) / align * align;
  }
  return layout;
}

bool write_at(const sys::Fd& memory, std::uint64_t address, const void* from, std::size_t size) {
  return ::pwrite(memory.number(), from, size, static_cast<off_t>(address)) ==
         static_cast<ssize_t>(size);
}

// A jump from the function at `from` to ours.
bool redirect(const sys::Fd& memory, std::uint64_t base, std::uint64_t from, std::uint64_t room,
              const char* ours) {
  if (from == 0) {
    return true;
  }
  constexpr std::size_t length = 5;
  const auto to = static_cast<std::int64_t>(room) + (ours - sb_vdso_code);
  const auto distance =
      static_cast<std::int32_t>(to - static_cast<std::int64_t>(from) - static_cast<int>(length));
  char jump[length] = {static_cast<char>(0xe9)};
  std::memcpy(jump + 1, &distance, sizeof distance);
  return write_at(memory, base + from, jump, length);
}

bool replace(const sys::Fd& memory, std::uint64_t base, const Layout& layout) {
  return layout.room != 0 && layout.clock_gettime != 0 &&
         write_at(memory, base + layout.room, sb_vdso_code, code_size()) &&
         redirect(memory, base, layout.clock_gettime, layout.room, sb_vdso_clock_gettime) &&
         redirect(memory, base, layout.gettimeofday, layout.room, sb_vdso_gettimeofday) &&
         redirect(memory, base, layout.time, layout.room, sb_vdso_time) &&
         redirect(memory, base, layout.clock_getres, layout.room, sb_vdso_clock_getres);
}

struct Auxiliary {
  std::uint64_t vdso = 0;
  std::uint64_t file_name = 0;
};

Auxiliary auxiliary_of(pid_t tid) {
  const std::string bytes = sys::read_file(fmt::format("/proc/{}/auxv", tid), 4096).data;
  Auxiliary found;
  Elf64_auxv_t entry{};
  for (std::size_t at = 0; at + sizeof entry <= bytes.size(); at += sizeof entry) {
    std::memcpy(&entry, bytes.data() + at, sizeof entry);
    found.vdso = entry.a_type == AT_SYSINFO_EHDR ? entry.a_un.a_val : found.vdso;
    found.file_name = entry.a_type == AT_EXECFN ? entry.a_un.a_val : found.file_name;
  }
  return found;
}

// Kernel: a stack begins with 8 bytes of zeros that nobody uses, and the program's file name below
// them (copy_string_kernel and bprm_execve). Writable, never moved, and inherited by a fork.
std::uint64_t unused_word(pid_t tid, std::uint64_t file_name) {
  constexpr std::size_t longest = 2 * page;
  std::uint64_t address = file_name;
  char byte = 1;
  for (std::size_t i = 0; i < longest && file_name != 0; ++i, ++address) {
    if (!sys::read_memory(tid, address, &byte, 1)) {
      return 0;
    }
    if (byte == 0) {
      const std::uint64_t word = address + 1;
      return word % page == page - 8 ? word : 0;
    }
  }
  return 0;
}

// Takes AT_SYSINFO_EHDR out of what the kernel has put on the new stack.
void hide(pid_t tid) {
  const auto registers = sys::registers_of(tid);
  std::uint64_t address = registers ? registers->rsp : 0;
  std::uint64_t word = 0;
  constexpr unsigned most_words = 1U << 20;
  if (address == 0 || !sys::read_memory(tid, address, &word, sizeof word) || word > most_words) {
    return;
  }
  address += (word + 2) * sizeof word;  // argc, argv and its end
  for (unsigned i = 0; i < most_words; ++i, address += sizeof word) {
    if (!sys::read_memory(tid, address, &word, sizeof word)) {
      return;
    }
    if (word == 0) {
      break;
    }
  }
  address += sizeof word;
  Elf64_auxv_t entry{};
  while (sys::read_memory(tid, address, &entry, sizeof entry) && entry.a_type != AT_NULL) {
    if (entry.a_type == AT_SYSINFO_EHDR) {
      entry.a_type = AT_IGNORE;
      (void)sys::write_memory(tid, address, &entry, sizeof entry);
      return;
    }
    address += sizeof entry;
  }
}

sys::Fd open_memory(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/mem", pid);
  return sys::Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

}  // namespace

bool take_vdso(pid_t tid, Process& process) {
  process = Process{};
  const Auxiliary auxiliary = auxiliary_of(tid);
  process.memory = open_memory(tid);
  if (!process.memory.valid()) {
    hide(tid);
    return false;
  }
  if (auxiliary.vdso == 0) {
    return true;
  }
  const Layout layout = layout_of(read_image(tid, auxiliary.vdso));
  process.counter = unused_word(tid, auxiliary.file_name);
  // Kernel: writing to a read-only mapping is what debuggers do; since 6.12 it can be forbidden
  // (proc_mem.force_override).
  if (process.counter == 0 || !replace(process.memory, auxiliary.vdso, layout)) {
    hide(tid);
    return true;
  }
  process.vdso = auxiliary.vdso;
  process.vdso_size = layout.size;
  process.cell =
      auxiliary.vdso + layout.room + static_cast<std::uint64_t>(sb_vdso_cell - sb_vdso_code);
  return true;
}

void copy_vdso(const Process& parent, pid_t pid, Process& child) {
  child.vdso = parent.vdso;
  child.vdso_size = parent.vdso_size;
  child.cell = parent.cell;
  child.counter = parent.counter;
  child.memory = open_memory(pid);
}

void show_clock(Process& process, const Clock& clock, bool by_calls, std::uint64_t free_readings) {
  if (process.cell == 0) {
    return;
  }
  std::uint64_t count = 0;
  // Why (void): of a process that is gone, or hides its memory, nothing is shown.
  (void)!::pread(process.memory.number(), &count, sizeof count,
                 static_cast<off_t>(process.counter));
  const std::uint64_t limit = count > ~0ULL - free_readings ? ~0ULL : count + free_readings;
  const VdsoCell cell{.real_ns = clock.real(),
                      .monotonic_ns = clock.monotonic(),
                      .calls = by_calls ? 1ULL : 0ULL,
                      .limit = free_readings == 0 ? 0 : limit,
                      .counter = process.counter};
  (void)write_at(process.memory, process.cell, &cell, sizeof cell);
}

}  // namespace sb::intercept
