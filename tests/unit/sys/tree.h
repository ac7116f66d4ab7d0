// A directory of the test's own with a/b/f in it. Include it after doctest.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

class Tree {
 public:
  Tree() {
    std::string name = (std::filesystem::temp_directory_path() / "sandbox-tree-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    std::filesystem::create_directories(path_ / "a" / "b");
    write("a/b/f", "1");
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path at(const char* name) const { return path_ / name; }
  void write(const char* name, const char* text) const { std::ofstream(at(name)) << text; }

 private:
  std::filesystem::path path_;
};
