// Files and directories below /workspace and /tmp.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace fs = std::filesystem;

int main() {
  for (const fs::path place : {"/workspace", "/tmp"}) {
    const fs::path tree = place / "tree";
    fs::create_directories(tree / "a" / "b");
    std::ofstream(tree / "a" / "first") << "text\n";
    fs::copy_file(tree / "a" / "first", tree / "a" / "b" / "second");
    fs::rename(tree / "a" / "first", tree / "third");
    fs::create_symlink("third", tree / "link");
    fs::permissions(tree / "third", fs::perms::owner_read);
    fs::resize_file(tree / "a" / "b" / "second", 1 << 20);
    fs::last_write_time(tree / "third", fs::file_time_type::clock::now());
    std::uintmax_t bytes = 0;
    int entries = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(tree)) {
      ++entries;
      bytes += entry.is_regular_file() && !entry.is_symlink() ? entry.file_size() : 0;
    }
    std::string text;
    std::ifstream(tree / "link") >> text;
    const std::uintmax_t removed = fs::remove_all(tree);
    std::printf("%s: %s, %d entries, %ju bytes, %ju removed\n", place.c_str(), text.c_str(),
                entries, bytes, removed);
  }
}
