// The ordinary tests' share of fuzzing, without libFuzzer: every file of a target's corpus, then as
// many mutations of them as asked for, the same ones each time.
// Usage: fuzz_replay TARGET CORPUS DICTIONARY MUTATIONS
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/targets.h"

extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

namespace {

// Why never destroyed: leaks are reported when all else has been.
std::string& running_name = *new std::string;
std::string& running_input = *new std::string;

// Keeps the case that was running, for the corpus.
void keep_case() {
  const std::string kept = "case-" + running_name;
  std::ofstream(kept, std::ios::binary) << running_input;
  (void)std::fprintf(stderr, "the case is %zu bytes, kept in %s\n", running_input.size(),
                     std::filesystem::absolute(kept).c_str());
}

void on_abort(int) {
  keep_case();
  std::_Exit(1);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The corpus in the order of names, so that every machine mutates the same.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The words of a dictionary of libFuzzer's: what stands between the quotes of each line.
std::vector<std::string> words_of(const std::filesystem::path& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find('"');
    const std::size_t last = line.rfind('"');
    if (line.starts_with('#') || first == std::string::npos || first == last) {
      continue;
    }
    std::string word;
    for (std::size_t at = first + 1; at < last; ++at) {
      if (line[at] == '\\' && line[at + 1] == 'x') {
        word += static_cast<char>(std::stoi(line.substr(at + 2, 2), nullptr, 16));
        at += 3;
      } else {
        at += line[at] == '\\' ? 1 : 0;
        word += line[at];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, std::vector<std::string> words)
      : seeds_(std::move(seeds)), words_(std::move(words)) {}

  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t steps = 1 + below(4); steps > 0; --steps) {
      change(text);
    }
    constexpr std::size_t longest = 4096;
    text.resize(std::min(text.size(), longest));
    return text;
  }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 1:
        text.erase(at, 1 + below(8));
        break;
      case 2:
        if (at < text.size()) {
          text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << below(8)));
        }
        break;
      case 3:
        if (!words_.empty()) {
          text.insert(at, words_[below(words_.size())]);
        }
        break;
      case 4:
        text.insert(at, text.substr(below(text.size() + 1), 1 + below(64)));
        break;
      default: {
        const std::string& other = seeds_[below(seeds_.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }

  std::vector<std::string> seeds_;
  std::vector<std::string> words_;
  std::mt19937_64 random_{1};
};

void run(const sbfuzz::Target& target, std::string input) {
  running_input = std::move(input);
  target.run(running_input);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  const auto targets = sbfuzz::all_targets();
  const auto target = std::find_if(targets.begin(), targets.end(), [&](const auto& each) {
    return argc == 5 && each.name == arguments[1];
  });
  if (target == targets.end()) {
    (void)std::fprintf(stderr, "usage: fuzz_replay TARGET CORPUS DICTIONARY MUTATIONS\n");
    return 2;
  }
  running_name = target->name;
  (void)std::signal(SIGABRT, on_abort);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(keep_case);
  }
  std::vector<std::string> seeds = {""};
  for (const auto& file : files_of(arguments[2])) {
    (void)std::printf("%s\n", file.filename().c_str());
    (void)std::fflush(stdout);
    seeds.push_back(text_of(file));
    run(*target, seeds.back());
  }
  // Why not all zero: an empty folder is a mistake, not a corpus.
  const std::size_t files = seeds.size() - 1;
  Mutator mutator(std::move(seeds), words_of(arguments[3]));
  const int mutations = std::atoi(arguments[4].c_str());
  for (int i = 0; i < mutations; ++i) {
    run(*target, mutator.next());
  }
  (void)std::printf("%zu files, %d mutations\n", files, mutations);
  return files > 0 ? 0 : 1;
}
