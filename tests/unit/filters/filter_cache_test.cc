#include "filters/filter_cache.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "launch/inside/protocol.h"
#include "policy/cache_place.h"
#include "policy/profile.h"
#include "policy/resolve_syscalls.h"
#include "seccomp/compile.h"

#undef CHECK  // ours; doctest has its own
#include <doctest/doctest.h>

using namespace sb;
using seccomp::BpfProgram;
using seccomp::KillMode;

namespace {

namespace fs = std::filesystem;

// A directory of the test's own, in which the cache makes its.
class Place {
 public:
  Place() {
    std::string name = (fs::temp_directory_path() / "sandbox-cache-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    std::error_code ignored;
    (void)::chmod(path_.c_str(), 0700);
    fs::remove_all(path_, ignored);
  }
  fs::path directory() const { return path_ / ".cache" / "sandbox"; }
  fs::path file(const std::string& key) const { return directory() / key; }
  filters::FilterCache cache() const { return filters::FilterCache(directory().string()); }

 private:
  fs::path path_;
};

policy::SyscallPolicy policy_of(const std::string& text) {
  const Result<policy::Profile> profile = policy::parse_profile("[syscalls]\n" + text, "p.toml");
  REQUIRE(profile);
  Result<policy::SyscallPolicy> policy = policy::resolve_syscalls(*profile);
  REQUIRE(policy);
  return *std::move(policy);
}

const std::string one =
    "allow = [\"read\", \"write\", { name = \"socket\", args = [{ index = 0, eq = 1 }] }]\n";

std::string key_of(const policy::SyscallPolicy& policy) {
  return filters::cache_key(policy, KillMode::notify, inside::waiting_cookie);
}

BpfProgram program_of(const policy::SyscallPolicy& policy) {
  Result<BpfProgram> program = seccomp::compile(policy, KillMode::notify, inside::waiting_cookie);
  REQUIRE(program);
  return *std::move(program);
}

bool same(const std::optional<BpfProgram>& a, const BpfProgram& b) {
  return a && std::equal(a->instructions.begin(), a->instructions.end(), b.instructions.begin(),
                         b.instructions.end(), [](const sock_filter& x, const sock_filter& y) {
                           return x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
                         });
}

std::string contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// What is kept, for tests that spoil it.
struct Kept {
  policy::SyscallPolicy policy = policy_of(one);
  std::string key = key_of(policy);
  BpfProgram program = program_of(policy);
  Place place;

  Kept() {
    place.cache().keep(key, program);
    REQUIRE(same(place.cache().find(key), program));
  }
  void is_replaced() const {
    CHECK_FALSE(place.cache().find(key).has_value());
    place.cache().keep(key, program);
    CHECK(same(place.cache().find(key), program));
  }
};

}  // namespace

// Red: in FilterCache::keep, write the program without its last instruction.
TEST_CASE("filter cache: what was kept is found and is what compiling gives") {
  const Kept kept;
  CHECK((fs::status(kept.place.directory()).permissions() & fs::perms::all) ==
        fs::perms::owner_all);
  CHECK(contents_of(kept.place.file(kept.key)).size() > kept.program.instructions.size() * 8);
  CHECK(std::distance(fs::directory_iterator(kept.place.directory()), {}) == 1);
}

// Red: in cache_key, leave out the tests of arguments, the default action, the mode or the cookie.
TEST_CASE("filter cache: each policy has a key of its own") {
  const policy::SyscallPolicy first = policy_of(one);
  policy::SyscallPolicy action = first;
  action.default_action = {policy::ActionKind::err, 1};
  policy::SyscallPolicy value = first;
  policy::SyscallPolicy fewer = first;
  fewer.rules.pop_back();
  for (policy::SyscallRule& rule : value.rules) {
    for (policy::ArgTest& test : rule.args) {
      test.value += 1;
    }
  }
  CHECK(key_of(first) == key_of(policy_of(one)));
  for (const policy::SyscallPolicy& other : {action, value, fewer}) {
    CHECK(key_of(first) != key_of(other));
  }
  CHECK(key_of(first) != filters::cache_key(first, KillMode::kill_process, inside::waiting_cookie));
  CHECK(key_of(first) != filters::cache_key(first, KillMode::notify, 0));
}

// Red: in FilterCache::find, do not compare the sum.
TEST_CASE("filter cache: a damaged file is none and is replaced") {
  const Kept kept;
  const fs::path path = kept.place.file(kept.key);
  const std::string whole = contents_of(path);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{20}, whole.size() / 2, whole.size() - 1}) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    write(path, changed);
    kept.is_replaced();
  }
  for (const std::string& text :
       {std::string(), whole.substr(0, 40), whole.substr(0, whole.size() - 8), whole + "12345678",
        std::string(1U << 20, 'x')}) {
    write(path, text);
    kept.is_replaced();
  }
}

// Red: in sum_of, leave out the key.
TEST_CASE("filter cache: a whole file under the key of another policy is none") {
  const Kept kept;
  const policy::SyscallPolicy other = policy_of("allow = [\"read\"]\n");
  fs::copy_file(kept.place.file(kept.key), kept.place.file(key_of(other)));
  CHECK_FALSE(kept.place.cache().find(key_of(other)).has_value());
}

// Red: in is_ours, do not look at the mode; open without O_NOFOLLOW; do not ask for S_IFREG.
TEST_CASE("filter cache: links pipes directories and what others can write are none") {
  const Kept kept;
  const fs::path path = kept.place.file(kept.key);
  for (const mode_t mode : {0620, 0602, 0666}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    kept.is_replaced();
  }
  fs::rename(path, kept.place.directory() / "elsewhere");
  fs::create_symlink("elsewhere", path);
  kept.is_replaced();
  fs::create_hard_link(path, kept.place.directory() / "second");
  kept.is_replaced();
  fs::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  kept.is_replaced();
  fs::remove(path);
  fs::create_directory(path);
  CHECK_FALSE(kept.place.cache().find(kept.key).has_value());
  kept.place.cache().keep(kept.key, kept.program);  // can't be replaced, and fails nobody
  CHECK_FALSE(kept.place.cache().find(kept.key).has_value());
  CHECK(std::distance(fs::directory_iterator(kept.place.directory()), {}) == 3);
}

// Red: in open_directory, do not look whose it is.
TEST_CASE("filter cache: a directory that others can write or a link to one is not used") {
  const Kept kept;
  for (const mode_t mode : {0770, 0777, 01777}) {
    REQUIRE(::chmod(kept.place.directory().c_str(), mode) == 0);
    CHECK_FALSE(kept.place.cache().find(kept.key).has_value());
  }
  REQUIRE(::chmod(kept.place.directory().c_str(), 0755) == 0);
  CHECK(kept.place.cache().find(kept.key).has_value());
  fs::rename(kept.place.directory(), kept.place.directory().string() + "2");
  fs::create_symlink("sandbox2", kept.place.directory());
  CHECK_FALSE(kept.place.cache().find(kept.key).has_value());
}

// Red: in is_ours, do not compare the owner.
TEST_CASE("filter cache: what another user owns is none") {
  if (::geteuid() != 0) {
    return;  // can't give a file away
  }
  const Kept kept;
  constexpr uid_t other = 12345;
  REQUIRE(::chown(kept.place.file(kept.key).c_str(), other, other) == 0);
  kept.is_replaced();
  REQUIRE(::chown(kept.place.directory().c_str(), other, other) == 0);
  CHECK_FALSE(kept.place.cache().find(kept.key).has_value());
  kept.place.cache().keep(kept.key, kept.program);
  CHECK_FALSE(kept.place.cache().find(kept.key).has_value());
}

TEST_CASE("filter cache: where nothing can be kept nothing fails") {
  const policy::SyscallPolicy policy = policy_of(one);
  const BpfProgram program = program_of(policy);
  for (const char* path : {"", "/proc/no/such/place", "/dev/null", "/dev/null/sandbox"}) {
    const filters::FilterCache cache(path);
    cache.keep(key_of(policy), program);
    CHECK_FALSE(cache.find(key_of(policy)).has_value());
  }
}

// Red: in make_room, begin with the youngest, or leave it out.
TEST_CASE("filter cache: the oldest files make room and those of others stay") {
  const Kept kept;
  write(kept.place.directory() / "notes.txt", "not ours");
  for (std::size_t i = 0; i < filters::FilterCache::most_files + 20; ++i) {
    std::string name = std::to_string(i);
    kept.place.cache().keep(std::string(64 - name.size(), 'a') + name, kept.program);
  }
  CHECK(std::distance(fs::directory_iterator(kept.place.directory()), {}) ==
        static_cast<std::ptrdiff_t>(filters::FilterCache::most_files + 1));
  CHECK_FALSE(fs::exists(kept.place.file(kept.key)));
  CHECK(fs::exists(kept.place.directory() / "notes.txt"));
}

// Red: in FilterCache::keep, write into the file itself.
TEST_CASE("filter cache: who reads while others write finds a whole file or none") {
  const Kept kept;
  const auto write_often = [&kept] {
    for (int i = 0; i < 100; ++i) {
      kept.place.cache().keep(kept.key, kept.program);
    }
  };
  std::array<std::thread, 2> writers = {std::thread(write_often), std::thread(write_often)};
  int missing = 0;
  for (int i = 0; i < 200; ++i) {
    missing += same(kept.place.cache().find(kept.key), kept.program) ? 0 : 1;
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  CHECK(missing == 0);
  CHECK(same(kept.place.cache().find(kept.key), kept.program));
}

// Red: in cache_place.cc, take the environment's for root, or a relative path.
TEST_CASE("filter cache: its place belongs to the user alone") {
  using policy::filter_cache_place;
  CHECK(filter_cache_place({"HOME=/home/u", "XDG_CACHE_HOME=/x"}, 0) == "/var/cache/sandbox");
  CHECK(filter_cache_place({"HOME=/home/u", "XDG_CACHE_HOME=/x"}, 1000) == "/x/sandbox");
  CHECK(filter_cache_place({"HOME=/home/u", "XDG_CACHE_HOME=x"}, 1000) == "/home/u/.cache/sandbox");
  CHECK(filter_cache_place({"HOMER=/a", "HOME=/home/u"}, 1000) == "/home/u/.cache/sandbox");
  CHECK(filter_cache_place({"HOME="}, 1000).empty());
  CHECK(filter_cache_place({}, 1000).empty());
}
