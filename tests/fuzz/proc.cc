// Texts of /proc and of cgroup files: what is read is what stands there, line by line.

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

#include "base/split.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"
#include "launch/inside/mountinfo.h"
#include "policy/proc_text.h"
#include "sys/fd.h"

#undef CHECK

namespace sbfuzz {
namespace {

using namespace sb::policy;

// As the kernel writes a path there.
std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    switch (c) {
      case ' ':
        text += "\\040";
        break;
      case '\t':
        text += "\\011";
        break;
      case '\n':
        text += "\\012";
        break;
      case '\\':
        text += "\\134";
        break;
      default:
        text += c;
    }
  }
  return text;
}

void expect_any(std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const std::vector<CgroupMount> mounts = cgroup_mounts_of(text);
  HOLDS(mounts.size() <= lines);
  for (const CgroupMount& mount : mounts) {
    HOLDS(mount.point.size() <= text.size() && mount.root.size() <= text.size());
  }
  const std::vector<Membership> members = memberships_of(text);
  HOLDS(members.size() <= lines);
  for (const Membership& member : members) {
    HOLDS(text.find(member.path) != std::string_view::npos);
    HOLDS(member.path.find('\n') == std::string::npos);
  }
}

// A line that the kernel could write is read back.
void expect_mount(Input& input) {
  const auto text_of = [&input] {
    std::string text(input.take(1 + input.choose(24)));
    std::erase(text, '\0');
    return text.empty() ? std::string("x") : text;
  };
  const std::string root = "/" + text_of();
  const std::string point = "/" + text_of();
  const bool v2 = input.flip();
  const bool shared = input.flip();
  const std::uint64_t id = input.number(4);
  const std::string line = std::to_string(id) + " 1 0:30 " + escaped(root) + " " + escaped(point) +
                           " rw,nosuid" + (shared ? " shared:9" : "") + " - " +
                           (v2 ? "cgroup2" : "cgroup") + " none rw,memory\n";
  const std::vector<CgroupMount> mounts = cgroup_mounts_of(line + line);
  HOLDS_FOR(mounts.size() == 2, line);
  HOLDS_FOR(mounts[1].root == root && mounts[1].point == point && mounts[1].v2 == v2, line);
  const sb::sys::Fd file(::memfd_create("mountinfo", MFD_CLOEXEC));
  HOLDS(::write(file.number(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  HOLDS(::lseek(file.number(), 0, SEEK_SET) == 0);
  sb::inside::MountReader reader;
  sb::inside::MountEntry entry;
  reader.fd = file.number();
  reader.at = reader.size = 0;
  HOLDS_FOR(sb::inside::read_mount(reader, entry) == 1, line);
  HOLDS_FOR(entry.id == id && entry.parent == 1 && entry.is_private != shared, line);
  HOLDS_FOR(entry.point == point, line);
  HOLDS_FOR(sb::inside::read_mount(reader, entry) == 0, line);
}

// Any text for the reader that allocates nothing: it takes whole lines, or says what is wrong.
void expect_reader(std::string_view text) {
  const sb::sys::Fd file(::memfd_create("mountinfo", MFD_CLOEXEC));
  HOLDS(::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  HOLDS(::lseek(file.number(), 0, SEEK_SET) == 0);
  sb::inside::MountReader reader;
  sb::inside::MountEntry entry;
  reader.fd = file.number();
  reader.at = reader.size = 0;
  for (const std::string& line : sb::split(text, '\n')) {
    errno = 0;
    const int got = sb::inside::read_mount(reader, entry);
    if (got < 0) {
      HOLDS(errno == EBADMSG || errno == ENAMETOOLONG);
      return;
    }
    HOLDS_FOR(got == 1, line);
    HOLDS_FOR(line.starts_with(std::to_string(entry.id) + " ") || line.starts_with('0'), line);
    HOLDS_FOR(strnlen(entry.point, sizeof entry.point) < sizeof entry.point, line);
    HOLDS_FOR(line.size() > std::strlen(entry.point), line);
  }
  HOLDS(sb::inside::read_mount(reader, entry) == 0);
}

}  // namespace

void fuzz_proc(std::string_view bytes) {
  expect_any(bytes);
  expect_reader(bytes);
  Input input(bytes);
  expect_mount(input);
}

}  // namespace sbfuzz
