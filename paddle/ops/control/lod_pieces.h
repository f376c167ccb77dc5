#pragma once
// A tensor put together from pieces of others, with their grouping into sequences.

#include <string>
#include <vector>

#include "paddle/tensor/tensor.h"

namespace paddle {

// A tensor consists of units: the sequences of the first level of a LoD, or its rows where that LoD is empty. Units are
// listed first and copied at the end, so that sources must stay until then.
class LodPieces {
 public:
  // What all pieces must be like: the sizes of a row, the element type and the number of LoD levels of a unit.
  LodPieces(const TensorMeta& like, const Lod& units);

  // The units [begin, end) of `from`, grouped as `units` says. Throws InvalidArgument when it has not as many units, or
  // is not like the others; `what` and `number`, unless it is negative, name it.
  void Add(const Tensor& from, const Lod& units, int64_t begin, int64_t end, const char* what, int64_t number = -1);
  // Rows of zeros that are not grouped.
  void AddZeros(int64_t rows);

  int64_t rows() const { return rows_; }
  // Gives `out` memory, the pieces one after another, and the LoD: the levels of `above`, then those of the units.
  void CopyTo(Allocator& allocator, const Lod& above, Tensor* out) const;

 private:
  struct Piece {
    const std::byte* from;  // null: zeros
    int64_t rows;
  };

  void CheckLike(const Tensor& from, const Lod& units, const std::string& what) const;
  void AddPiece(const std::byte* from, int64_t rows);

  Dims row_;
  DType dtype_;
  int64_t row_bytes_;
  int64_t rows_ = 0;
  std::vector<std::vector<int64_t>> offsets_;  // of the pieces so far, one list a level
  std::vector<Piece> pieces_;
  const Tensor* last_ = nullptr;  // the source of the last piece
};

// How many units a tensor of these rows has.
int64_t CountUnits(const Lod& units, int64_t rows);

}  // namespace paddle
