// heap MEBIBYTES: allocates and touches as much, in blocks that it keeps.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

int main(int, char** argv) {
  std::vector<std::unique_ptr<std::vector<char>>> blocks;
  const int count = std::atoi(argv[1]);
  for (int i = 0; i < count; ++i) {
    blocks.push_back(std::make_unique<std::vector<char>>(1 << 20, 'x'));
  }
  std::printf("%d MiB\n", count);
}
