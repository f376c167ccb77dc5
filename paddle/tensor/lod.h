#pragma once
// How the rows of a tensor are grouped into sequences.

#include <cstdint>
#include <memory>
#include <ostream>
#include <span>
#include <vector>

namespace paddle {

// Levels of offsets: level k's entries index the sequences of level k+1, the last level's entries index rows.
// Immutable and shared: copies are one counter. An empty Lod says that rows are not grouped.
class Lod {
 public:
  Lod() = default;

  // Throws InvalidArgument unless each level starts at 0, never falls, and ends at the number of sequences of the next.
  static Lod FromOffsets(std::vector<std::vector<int64_t>> levels);
  static Lod FromLengths(const std::vector<std::vector<int64_t>>& lengths);

  bool empty() const { return rep_ == nullptr; }
  int levels() const;
  std::span<const int64_t> offsets(int level) const;  // one more than sequences
  std::span<const int64_t> last() const { return offsets(levels() - 1); }
  int64_t sequences(int level) const { return static_cast<int64_t>(offsets(level).size()) - 1; }
  int64_t last_sequences() const;  // of the last level; 0 when empty
  int64_t rows() const;            // -1 when empty
  std::vector<std::vector<int64_t>> ToLengths() const;
  std::vector<std::vector<int64_t>> ToOffsets() const;

  // Indices of the last level's sequences, longest first, ties in their order. Computed once and kept.
  std::span<const int32_t> ByLength() const;

  // A Lod of the levels [from, levels()).
  Lod From(int level) const;

  // Throws InvalidArgument unless the Lod is empty or describes exactly `rows` rows.
  void CheckRows(int64_t rows, const char* what) const;

  bool operator==(const Lod& other) const;
  bool same(const Lod& other) const { return rep_ == other.rep_; }

 private:
  struct Rep;
  std::shared_ptr<const Rep> rep_;
};

std::ostream& operator<<(std::ostream& out, const Lod& lod);

}  // namespace paddle
