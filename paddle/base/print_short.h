#pragma once
// Lists as errors show them.

#include <cstddef>
#include <ostream>

namespace paddle {

// Prints all of a short list; of a long one the first elements, how many follow, and the last. `print` prints one.
template <class List, class Print>
std::ostream& PrintShort(std::ostream& out, const List& values, const Print& print) {
  constexpr size_t kShown = 16;
  out << '[';
  for (size_t i = 0; i < values.size() && i < kShown; ++i) {
    if (i) out << ", ";
    print(values[i]);
  }
  if (values.size() > kShown) {
    out << ", ... " << values.size() - kShown - 1 << " more ..., ";
    print(values[values.size() - 1]);
  }
  return out << ']';
}

}  // namespace paddle
