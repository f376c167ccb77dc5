#pragma once
// The sizes of a tensor: at most nine, kept inline.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <span>
#include <vector>

#include "paddle/base/errors.h"

namespace paddle {

constexpr int kMaxRank = 9;

// A size of -1 means "not known yet"; it appears while a program is built, never at run time.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> sizes) : Dims(std::span<const int64_t>(sizes.begin(), sizes.size())) {}
  explicit Dims(std::span<const int64_t> sizes) {
    Require(sizes.size() <= kMaxRank, "a tensor has at most ", kMaxRank, " dimensions, got ", sizes.size());
    for (const int64_t size : sizes) sizes_[rank_++] = size;
  }
  template <class T>
  explicit Dims(const std::vector<T>& sizes) {
    Require(sizes.size() <= kMaxRank, "a tensor has at most ", kMaxRank, " dimensions, got ", sizes.size());
    for (const T size : sizes) sizes_[rank_++] = size;
  }

  int rank() const { return rank_; }
  int64_t operator[](int i) const { return sizes_[i]; }
  int64_t& operator[](int i) { return sizes_[i]; }
  const int64_t* begin() const { return sizes_.data(); }
  const int64_t* end() const { return sizes_.data() + rank_; }
  std::vector<int64_t> ToVector() const { return {begin(), end()}; }
  bool operator==(const Dims& other) const {
    if (rank_ != other.rank_) return false;
    for (int i = 0; i < rank_; ++i)
      if (sizes_[i] != other.sizes_[i]) return false;
    return true;
  }

  void Append(int64_t size) {
    Require(rank_ < kMaxRank, "a tensor has at most ", kMaxRank, " dimensions");
    sizes_[rank_++] = size;
  }

  // Product of the sizes in [from, to); -1 when one of them is unknown. A rank of zero counts as one element.
  int64_t Product(int from, int to) const {
    int64_t product = 1;
    for (int i = from; i < to; ++i) {
      if (sizes_[i] < 0) return -1;
      if (__builtin_mul_overflow(product, sizes_[i], &product))
        throw InvalidArgument("the number of elements of a tensor overflows 64 bits");
    }
    return product;
  }
  int64_t numel() const { return Product(0, rank_); }
  bool known() const {
    for (const int64_t size : *this)
      if (size < 0) return false;
    return true;
  }
  Dims Slice(int from, int to) const { return Dims(std::span<const int64_t>(begin() + from, begin() + to)); }

 private:
  std::array<int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Dims& dims) {
  out << '[';
  for (int i = 0; i < dims.rank(); ++i) out << (i ? ", " : "") << dims[i];
  return out << ']';
}

// `axis` counted from the front; negative values count from the last. Throws InvalidArgument when out of range.
inline int NormalizeAxis(int64_t axis, int rank, std::string_view what = "axis") {
  Require(axis >= -rank && axis < rank, what, " ", axis, " is out of range for a tensor of rank ", rank, "; expected ",
          -rank, " <= ", what, " < ", rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// Sizes known on both sides must agree; -1 agrees with everything.
inline bool SizesAgree(int64_t a, int64_t b) { return a < 0 || b < 0 || a == b; }
inline bool DimsAgree(const Dims& a, const Dims& b) {
  if (a.rank() != b.rank()) return false;
  for (int i = 0; i < a.rank(); ++i)
    if (!SizesAgree(a[i], b[i])) return false;
  return true;
}

}  // namespace paddle
