#pragma once
// Attributes and sizes of mul.

#include "paddle/math/gemm.h"
#include "paddle/op/attributes.h"
#include "paddle/op/infer.h"

namespace paddle {

struct MulAttrs {
  int32_t x_num_col_dims = 1;
  int32_t y_num_col_dims = 1;

  static auto Fields() {
    return std::tuple{Field{"x_num_col_dims", &MulAttrs::x_num_col_dims,
                            "How many leading dimensions of X make the rows of its matrix."},
                      Field{"y_num_col_dims", &MulAttrs::y_num_col_dims,
                            "How many leading dimensions of Y make the rows of its matrix."}};
  }
};

// Throws InvalidArgument unless the first `columns` dimensions of `rank`, and others behind them, make a matrix.
inline void CheckColumns(int columns, int rank, const char* attr, const char* slot) {
  Require(columns >= 1 && columns < rank, attr, " is ", columns, ", but ", slot, " has rank ", rank,
          "; expected 1 <= ", attr, " < ", rank);
}

// Sizes of the matrices: X is [m, k], Y is [k, n], Out is [m, n].
struct MulSizes {
  int64_t m, n, k;
  DType dtype;
};

inline MulSizes MulSizesOf(const MulAttrs& attrs, const OpMetas& metas) {
  const Dims &x = metas.In("X").dims, &y = metas.In("Y").dims;
  return {x.Product(0, attrs.x_num_col_dims), y.Product(attrs.y_num_col_dims, y.rank()),
          y.Product(0, attrs.y_num_col_dims), metas.In("X").dtype};
}

// Out = X Y
inline GemmShape OutShape(const MulSizes& s) { return {.m = s.m, .n = s.n, .k = s.k}; }
// dX = dOut Y'
inline GemmShape XGradShape(const MulSizes& s) { return {.m = s.m, .n = s.k, .k = s.n, .trans_b = true}; }
// dY = X' dOut
inline GemmShape YGradShape(const MulSizes& s) { return {.m = s.k, .n = s.n, .k = s.m, .trans_a = true}; }

}  // namespace paddle
