#pragma once
// Small damage to bytes, the same for the same seed.

#include <random>
#include <string>

namespace paddle::fuzz {

// Flips, overwrites, cuts, inserts or repeats a few bytes.
inline std::string Mutate(std::string bytes, uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](size_t n) { return n ? static_cast<size_t>(random() % n) : 0; };
  for (size_t count = 1 + below(4); count > 0 && !bytes.empty(); --count) {
    const size_t at = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random());
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(at, 1 + below(8), static_cast<char>(random()));
        break;
      case 4:
        bytes.erase(at, 1 + below(8));
        break;
      case 5:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(64)));
        break;
    }
  }
  return bytes;
}

}  // namespace paddle::fuzz
