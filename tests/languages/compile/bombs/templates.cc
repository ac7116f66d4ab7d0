// Each level makes two types of the next: the compiler is busy for longer than anybody waits.
template <int depth, unsigned long path>
struct Tree {
  static constexpr unsigned long value =
      Tree<depth - 1, 2 * path>::value + Tree<depth - 1, 2 * path + 1>::value;
};
template <unsigned long path>
struct Tree<0, path> {
  static constexpr unsigned long value = path;
};
static_assert(Tree<60, 1>::value != 0);
