#include "launch/inside/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/inside/below.h"
#include "launch/inside/inside.h"
#include "launch/inside/tar.h"

namespace sb::inside {
namespace {

// Limit: of entries of one source.
constexpr uint32_t most_entries = 200000;
constexpr size_t longest_pax = 65536;

// Why static: there is no allocation here, and a stack may be small. Only this process touches it.
struct Unpacker {
  int feed;
  uint32_t source;
  uint32_t left_in_piece;
  bool ended;  // the source
  int base;    // a directory that all entries are below
  int parent;  // the one that the last entry was made in, or -1
  uint32_t entries;
  size_t strip;
  bool own;
  bool whole_root;
  char prefix[256];  // what stands for the first component of a thing that is named here
  char parent_path[longest_path];
  char path[longest_path];
  char name[longest_path];  // of the next entry, from a header before it; empty: none
  char link[longest_path];
  bool has_size;
  uint64_t size;
  char shown[sizeof PutAnswer::name];
  char pax[longest_pax];
  char buffer[65536];
  PaxFields fields;
};
Unpacker at;

[[noreturn]] void give_up(PutTrouble trouble, int err) {
  PutAnswer answer;
  memset(&answer, 0, sizeof answer);
  answer.magic = report_magic;
  answer.source = at.source;
  answer.trouble = trouble;
  answer.err = err;
  memcpy(answer.name, at.shown, sizeof answer.name);
  (void)!write(at.feed, &answer, sizeof answer);
  inside_exit(inside_failed);
}

void check(PutTrouble trouble) {
  if (trouble != PutTrouble::none) {
    give_up(trouble, 0);
  }
}

void check_system(bool done) {
  if (!done) {
    give_up(PutTrouble::system, errno);
  }
}

void show(const char* name) {
  size_t size = strlen(name);
  size = size < sizeof at.shown ? size : sizeof at.shown - 1;
  memcpy(at.shown, name, size);
  at.shown[size] = '\0';
}

// All of it; or ends this process, which nobody feeds any more.
void read_feed(void* data, size_t size) {
  char* place = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = read(at.feed, place, size);
    if (got == 0 || (got < 0 && errno != EINTR)) {
      inside_exit(inside_failed);
    }
    place += got > 0 ? got : 0;
    size -= got > 0 ? static_cast<size_t>(got) : 0;
  }
}

// At most `size` bytes of the source; 0 at its end.
size_t read_some(void* data, size_t size) {
  if (at.left_in_piece == 0 && !at.ended) {
    read_feed(&at.left_in_piece, sizeof at.left_in_piece);
    at.ended = at.left_in_piece == 0;
  }
  const size_t now = size < at.left_in_piece ? size : at.left_in_piece;
  read_feed(data, now);
  at.left_in_piece -= static_cast<uint32_t>(now);
  return now;
}

// False at the end of the source, if it comes before the first byte.
bool read_whole(void* data, size_t size) {
  size_t have = 0;
  while (have < size) {
    const size_t got = read_some(static_cast<char*>(data) + have, size - have);
    if (got == 0 && have == 0) {
      return false;
    }
    if (got == 0) {
      give_up(PutTrouble::cut_off, 0);
    }
    have += got;
  }
  return true;
}

void must_read(void* data, size_t size) {
  if (size > 0 && !read_whole(data, size)) {
    give_up(PutTrouble::cut_off, 0);
  }
}

void skip(uint64_t size) {
  while (size > 0) {
    const size_t now = size < sizeof at.buffer ? static_cast<size_t>(size) : sizeof at.buffer;
    must_read(at.buffer, now);
    size -= now;
  }
}

uint64_t padding_of(uint64_t size) { return (tar_block - size % tar_block) % tar_block; }

// Where entries of this source go.
void settle(int root, const PutStep& step) {
  show(step.target);
  at.own = step.own;
  at.whole_root = step.whole_root;
  at.strip = step.own ? 1 : 0;
  at.prefix[0] = '\0';
  at.base = -1;
  if (step.name == nullptr) {
    at.base = make_path(root, step.target);
    check_system(at.base >= 0);
    return;
  }
  const size_t size = strlen(step.name);
  const size_t target_size = strlen(step.target);
  if (size >= sizeof at.prefix || target_size + 2 > sizeof at.path) {
    give_up(PutTrouble::too_long, 0);
  }
  memcpy(at.prefix, step.name, size + 1);
  at.base = step.into ? make_path(root, step.target)
                      : open_beneath(root, step.target, O_PATH | O_DIRECTORY);
  if (at.base >= 0) {
    return;
  }
  check_system(!step.into);
  check_system(errno == ENOENT || errno == ENOTDIR);
  memcpy(at.path, step.target, target_size + 1);
  const char* name = cut(at.path);
  const size_t name_size = strlen(name);
  if (name_size >= sizeof at.prefix) {
    give_up(PutTrouble::too_long, 0);
  }
  memcpy(at.prefix, name, name_size + 1);
  at.base = make_path(root, at.path);
  check_system(at.base >= 0);
}

// The directory that an entry is to be made in, and its name there; nullptr: it is the base itself.
const char* enter(const char* name) {
  const size_t prefix = strlen(at.prefix);
  char* rest = at.path;
  memcpy(rest, at.prefix, prefix);
  rest += prefix;
  if (prefix > 0) {
    *rest++ = '/';
  }
  check(clean_name(name, at.strip, rest, sizeof at.path - prefix - 2));
  if (*rest == '\0' && prefix > 0) {
    *--rest = '\0';
  }
  if (at.path[0] == '\0') {
    return nullptr;
  }
  const char* last = cut(at.path);
  if (at.parent >= 0 && strcmp(at.path, at.parent_path) == 0) {
    return last;
  }
  if (at.parent >= 0) {
    close(at.parent);
  }
  at.parent = make_path(at.base, at.path);
  check_system(at.parent >= 0);
  memcpy(at.parent_path, at.path, strlen(at.path) + 1);
  return last;
}

// What is there under this name is replaced, not followed; but a directory is not.
void make_room(const char* name) {
  check_system(unlinkat(at.parent, name, 0) == 0 || errno == ENOENT);
}

void make_directory(const TarHeader& header, const char* name) {
  if (name == nullptr) {
    return;
  }
  if (mkdirat(at.parent, name, header.mode | 0700) == 0) {
    return;
  }
  check_system(errno == EEXIST);
  const int there = open_beneath(at.parent, name, O_PATH | O_DIRECTORY);
  check_system(there >= 0);
  close(there);
}

void make_symlink(const char* name, const char* link) {
  if (name == nullptr || link[0] == '\0') {
    give_up(PutTrouble::name, 0);
  }
  // at.path is the directory of `name` now: how deep that is counts.
  if (!at.own && !at.whole_root) {
    char place[longest_path];
    const size_t size = strlen(at.path);
    memcpy(place, at.path, size);
    memcpy(place + size, size > 0 ? "/x" : "x", size > 0 ? 3 : 2);
    if (!link_stays(place, link)) {
      give_up(PutTrouble::link, 0);
    }
  }
  make_room(name);
  check_system(syscall(SYS_symlinkat, link, at.parent, name) == 0);
}

void make_hard_link(const char* name, const char* target) {
  char path[longest_path];
  if (!at.whole_root) {
    give_up(PutTrouble::hard_link, 0);
  }
  check(clean_name(target, 0, path, sizeof path - 2));
  if (name == nullptr || path[0] == '\0') {
    give_up(PutTrouble::name, 0);
  }
  make_room(name);
  check_system(link_beneath(at.base, path, at.parent, name));
}

void make_file(const TarHeader& header, const char* name) {
  if (name == nullptr) {
    give_up(PutTrouble::name, 0);
  }
  make_room(name);
  const int fd = openat(at.parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        header.mode | 0600);
  check_system(fd >= 0);
  uint64_t left = header.size;
  while (left > 0) {
    const size_t now = left < sizeof at.buffer ? static_cast<size_t>(left) : sizeof at.buffer;
    must_read(at.buffer, now);
    check_system(write_all(fd, at.buffer, now));
    left -= now;
  }
  const timespec times[2] = {{header.mtime, 0}, {header.mtime, 0}};
  // Why ignored: a time that the file system can't hold is no reason to refuse a file.
  (void)!syscall(SYS_utimensat, fd, nullptr, times, 0);
  close(fd);
  skip(padding_of(header.size));
}

// The contents of a header of ours for the next one, as text.
void read_text(uint64_t size, char* text, size_t room) {
  if (size >= room) {
    give_up(PutTrouble::too_long, 0);
  }
  must_read(text, static_cast<size_t>(size));
  text[size] = '\0';
  skip(padding_of(size));
}

// True: it was about the next entry.
bool take_extension(const TarHeader& header) {
  switch (header.kind) {
    case TarKind::long_name:
      read_text(header.size, at.name, sizeof at.name);
      return true;
    case TarKind::long_link:
      read_text(header.size, at.link, sizeof at.link);
      return true;
    case TarKind::pax:
      read_text(header.size, at.pax, sizeof at.pax);
      memset(&at.fields, 0, sizeof at.fields);
      check(read_pax(at.pax, static_cast<size_t>(header.size), &at.fields));
      memcpy(at.name, at.fields.name, sizeof at.name);
      memcpy(at.link, at.fields.link, sizeof at.link);
      at.has_size = at.fields.has_size;
      at.size = at.fields.size;
      return true;
    case TarKind::pax_global:
      skip(header.size);
      skip(padding_of(header.size));
      return true;
    case TarKind::end:
    case TarKind::file:
    case TarKind::directory:
    case TarKind::symlink:
    case TarKind::hard_link:
    case TarKind::special:
      break;
  }
  return false;
}

void take_entry(TarHeader& header) {
  const char* wanted = at.name[0] != '\0' ? at.name : header.name;
  const char* link = at.link[0] != '\0' ? at.link : header.link;
  show(wanted);
  if (++at.entries > most_entries) {
    give_up(PutTrouble::too_many, 0);
  }
  if (at.has_size && header.kind == TarKind::file) {
    header.size = at.size;
  }
  if (header.kind == TarKind::special && !at.whole_root) {
    give_up(PutTrouble::special, 0);
  }
  const char* name = enter(wanted);
  if (header.kind == TarKind::special) {
    // Why not made: the devices of a sandbox are its own.
  } else if (header.kind == TarKind::hard_link) {
    make_hard_link(name, link);
  } else if (header.kind == TarKind::directory) {
    make_directory(header, name);
  } else if (header.kind == TarKind::symlink) {
    make_symlink(name, link);
  } else {
    make_file(header, name);
  }
  at.name[0] = at.link[0] = '\0';
  at.has_size = false;
}

void unpack_source() {
  unsigned char block[tar_block];
  TarHeader header;
  bool any = false;
  while (read_whole(block, sizeof block)) {
    any = true;
    const PutTrouble trouble = read_tar_header(block, &header);
    if (trouble != PutTrouble::none && header.name[0] != '\0') {
      show(at.name[0] != '\0' ? at.name : header.name);
    }
    check(trouble);
    if (header.kind == TarKind::end) {
      break;
    }
    if (!take_extension(header)) {
      take_entry(header);
    }
  }
  // Why: nothing at all is no archive; a tar that ends without its two blocks of zeros is one.
  check(any ? PutTrouble::none : PutTrouble::not_tar);
  while (read_some(at.buffer, sizeof at.buffer) > 0) {
    // What is behind the end of the archive means nothing.
  }
}

}  // namespace

void start_unpacking(int feed) {
  at.feed = feed;
  at.parent = -1;
}

void end_unpacking(int err) { give_up(PutTrouble::system, err); }

void unpack(uint32_t source, int root, const PutStep& step) {
  at.source = source;
  at.left_in_piece = 0;
  at.ended = false;
  at.entries = 0;
  at.name[0] = at.link[0] = '\0';
  at.has_size = false;
  settle(root, step);
  unpack_source();
  close(at.base);
  if (at.parent >= 0) {
    close(at.parent);
  }
  at.parent = -1;
}

}  // namespace sb::inside
