// Headers and names of tar archives, as the helper inside reads them: whatever comes, an accepted
// name stays below its directory; and what we write ourselves is read as it was meant.
#include "launch/inside/tar.h"

#include <cstring>
#include <memory>
#include <string>

#include "base/split.h"
#include "files/tar_header.h"
#include "fuzz/properties.h"
#include "fuzz/targets.h"

namespace sbfuzz {
namespace {

using sb::inside::PutTrouble;
using sb::inside::TarHeader;
using sb::inside::TarKind;

// Why on the heap, each with no byte more: what is read past its end is then seen.
std::string exact(std::string_view text) { return std::string(text); }

void expect_clean(const std::string& name, std::size_t strip) {
  std::string clean(sb::inside::longest_path, 'x');
  if (sb::inside::clean_name(name.c_str(), strip, clean.data(), clean.size()) != PutTrouble::none) {
    return;
  }
  clean.resize(std::strlen(clean.c_str()));
  HOLDS_FOR(!clean.starts_with('/') && !clean.ends_with('/'), clean);
  if (clean.empty()) {
    return;
  }
  const std::vector<std::string> parts = sb::split(clean, '/');
  HOLDS_FOR(parts.size() <= 64, clean);
  for (const std::string& part : parts) {
    HOLDS_FOR(!part.empty() && part != "." && part != "..", clean);
  }
}

// Walks the link by hand: it never comes above the directory that its name is relative to.
void expect_staying(const std::string& name, const std::string& link) {
  if (!sb::inside::link_stays(name.c_str(), link.c_str())) {
    return;
  }
  HOLDS_FOR(!link.empty() && link.front() != '/', link);
  long depth = static_cast<long>(sb::split(name, '/').size()) - 1;
  bool named = false;
  for (const std::string& part : sb::split(link, '/')) {
    if (part == "..") {
      HOLDS_FOR(!named && --depth >= 0, link);
    } else if (!part.empty() && part != ".") {
      named = true;
    }
  }
}

void expect_pax(const std::string& text) {
  auto fields = std::make_unique<sb::inside::PaxFields>();
  if (sb::inside::read_pax(text.data(), text.size(), fields.get()) == PutTrouble::none) {
    HOLDS(std::memchr(fields->name, 0, sizeof fields->name) != nullptr);
    HOLDS(std::memchr(fields->link, 0, sizeof fields->link) != nullptr);
    HOLDS(!fields->has_size || fields->size >> 63 == 0);
    expect_clean(fields->name, 0);
    expect_staying("d/l", fields->link);
  }
}

void expect_header(const std::string& block) {
  TarHeader header;
  // Safety: a block is its bytes.
  const auto* bytes = reinterpret_cast<const unsigned char*>(block.data());
  if (sb::inside::read_tar_header(bytes, &header) != PutTrouble::none) {
    return;
  }
  HOLDS(std::memchr(header.name, 0, sizeof header.name) != nullptr);
  HOLDS(std::memchr(header.link, 0, sizeof header.link) != nullptr);
  HOLDS(header.mode <= 0777 && header.size >> 63 == 0);
  const bool empty = header.kind == TarKind::directory || header.kind == TarKind::symlink;
  HOLDS(!empty || header.size == 0);
  expect_clean(header.name, 0);
  expect_clean(header.name, 1);
  expect_staying(header.name, header.link);
}

// Our own headers, as they are read.
void expect_round_trip(const std::string& name, Input& input) {
  sb::files::TarMember member{.name = name.substr(0, name.find('\0'))};
  member.mode = static_cast<std::uint32_t>(input.number(2)) & 0777;
  member.size = input.number() >> 1;
  if (member.name.empty() || member.name.size() > 99 || member.name.ends_with('/')) {
    return;
  }
  std::string archive;
  sb::files::append_tar_header(member, archive);
  HOLDS(archive.size() == sb::inside::tar_block);
  TarHeader header;
  const auto* bytes = reinterpret_cast<const unsigned char*>(archive.data());
  HOLDS(sb::inside::read_tar_header(bytes, &header) == PutTrouble::none);
  HOLDS(header.kind == TarKind::file && header.name == member.name);
  HOLDS(header.mode == member.mode && header.size == member.size);
}

}  // namespace

void fuzz_tar(std::string_view input) {
  const std::string text = exact(input);
  expect_clean(text.c_str(), 0);
  expect_staying("a/b/c", text.c_str());
  expect_pax(text);
  for (std::string_view rest = input; rest.size() >= sb::inside::tar_block;
       rest.remove_prefix(sb::inside::tar_block)) {
    expect_header(exact(rest.substr(0, sb::inside::tar_block)));
  }
  Input taken(input);
  const std::string name = exact(taken.take(taken.choose(120)));
  expect_round_trip(name, taken);
}

}  // namespace sbfuzz
