// A tar archive written by hand, so that it can be as wrong as a test needs it.
// Must not know what is right.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

namespace sbtest {

class Tar {
 public:
  // One entry; `size` is what the header claims, -1: the truth.
  Tar& add(const std::string& name, char type, const std::string& content = "",
           const std::string& link = "", long long size = -1, unsigned mode = 0644) {
    char block[512] = {};
    std::memcpy(block, name.data(), std::min<std::size_t>(name.size(), 100));
    std::snprintf(block + 100, 8, "%07o", mode);
    std::snprintf(block + 124, 12, "%011llo",
                  size >= 0 ? static_cast<unsigned long long>(size) : content.size());
    std::snprintf(block + 136, 12, "%011o", 1000000000);
    block[156] = type;
    std::memcpy(block + 157, link.data(), std::min<std::size_t>(link.size(), 100));
    std::memcpy(block + 257,
                "ustar\0"
                "00",
                8);
    std::memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : block) {
      sum += static_cast<unsigned char>(c);
    }
    std::snprintf(block + 148, 8, "%06o", sum);
    bytes_.append(block, sizeof block);
    bytes_ += content;
    bytes_.append((512 - content.size() % 512) % 512, '\0');
    return *this;
  }
  // The name of the next entry, of any length: of GNU's kind or POSIX'.
  Tar& gnu_name(const std::string& name) { return add("././@LongLink", 'L', name + '\0'); }
  Tar& pax(const std::string& key, const std::string& value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (std::to_string(length).size() + rest != length) {
      ++length;
    }
    return add("pax", 'x', std::to_string(length) + " " + key + "=" + value + "\n");
  }
  Tar& file(const std::string& name, const std::string& content = "x\n") {
    return add(name, '0', content);
  }
  std::string end() const { return bytes_ + std::string(1024, '\0'); }
  const std::string& cut() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace sbtest
