#include "launch/inside/mountinfo.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

namespace sb::inside {
namespace {

// The next byte; -1 at the end, -2 with errno set.
int next_byte(MountReader& reader) {
  if (reader.at == reader.size) {
    ssize_t got = 0;
    do {
      got = read(reader.fd, reader.data, sizeof reader.data);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
      return got == 0 ? -1 : -2;
    }
    reader.at = 0;
    reader.size = static_cast<size_t>(got);
  }
  return static_cast<unsigned char>(reader.data[reader.at++]);
}

bool is_digit(int byte, int highest) { return byte >= '0' && byte <= highest; }

bool malformed() {
  errno = EBADMSG;
  return false;
}

bool skip_to(MountReader& reader, int end) {
  for (;;) {
    const int byte = next_byte(reader);
    if (byte == end) {
      return true;
    }
    if (byte < 0 || byte == '\n') {
      return malformed();
    }
  }
}

// `byte` is the first digit, read already.
bool read_number(MountReader& reader, int byte, uint64_t* number) {
  if (!is_digit(byte, '9')) {
    return malformed();
  }
  *number = 0;
  for (; is_digit(byte, '9'); byte = next_byte(reader)) {
    if (*number > (UINT64_MAX - 9) / 10) {
      return malformed();
    }
    *number = *number * 10 + static_cast<uint64_t>(byte - '0');
  }
  return byte == ' ' || malformed();
}

// Kernel: space, tab, newline and backslash are written as \ooo (proc(5)).
bool read_point(MountReader& reader, char* point) {
  for (size_t size = 0; size < longest_path; ++size) {
    int byte = next_byte(reader);
    if (byte == ' ') {
      point[size] = '\0';
      return true;
    }
    if (byte == '\n') {
      return malformed();
    }
    if (byte == '\\') {
      byte = 0;
      for (int i = 0; i < 3; ++i) {
        const int digit = next_byte(reader);
        if (!is_digit(digit, '7')) {
          return malformed();
        }
        byte = byte * 8 + (digit - '0');
      }
    }
    if (byte <= 0 || byte > 255) {
      return malformed();
    }
    point[size] = static_cast<char>(byte);
  }
  errno = ENAMETOOLONG;
  return false;
}

}  // namespace

// id parent major:minor root point options [tag…] - type source super-options
int read_mount(MountReader& reader, MountEntry& entry) {
  const int first = next_byte(reader);
  if (first < 0) {
    return first == -1 ? 0 : -1;
  }
  if (!read_number(reader, first, &entry.id) ||
      !read_number(reader, next_byte(reader), &entry.parent) || !skip_to(reader, ' ') ||
      !skip_to(reader, ' ') || !read_point(reader, entry.point) || !skip_to(reader, ' ')) {
    return -1;
  }
  // Kernel: the tags say whose events of mounting reach it, "shared:N" or "master:N" (proc(5)).
  const int tag = next_byte(reader);
  entry.is_private = tag == '-';
  // Why: a line that ends here is none, and the next one must not be taken for its rest.
  return (tag != '\n' || malformed()) && skip_to(reader, '\n') ? 1 : -1;
}

}  // namespace sb::inside
