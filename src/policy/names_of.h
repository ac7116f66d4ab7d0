// The names of a table's rows.
// Must not know what a row is.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sb::policy {

template <typename Row, std::size_t size>
constexpr std::array<std::string_view, size> names_of(const std::array<Row, size>& rows) {
  std::array<std::string_view, size> names;
  for (std::size_t i = 0; i < size; ++i) {
    names[i] = rows[i].name;
  }
  return names;
}

}  // namespace sb::policy
