#pragma once
// What reductions along axes have in common.

#include "paddle/op/registry.h"

namespace paddle {

struct ReduceAttrs {
  std::vector<int32_t> dim = {0};
  bool keep_dim = false;
  bool reduce_all = false;
  int32_t in_dtype = -1;
  int32_t out_dtype = -1;
  static auto Fields() {
    using A = ReduceAttrs;
    return std::tuple{
        Field{"dim", &A::dim, "The axes to reduce; negative ones count from the last."},
        Field{"keep_dim", &A::keep_dim, "Whether reduced axes stay, with size 1."},
        Field{"reduce_all", &A::reduce_all, "Whether all axes are reduced; `dim` is ignored then."},
        Field{"in_dtype", &A::in_dtype, "Accepted and ignored: X's own element type is used."},
        Field{"out_dtype", &A::out_dtype, "X is converted to this element type (by its number) first; -1: it is not."}};
  }
};

// `dims` with a 1 for each reduced axis. Throws InvalidArgument for axes that are not there.
inline Dims KeptDims(const ReduceAttrs& attrs, const Dims& dims) {
  Dims kept = dims;
  if (attrs.reduce_all) {
    for (int i = 0; i < dims.rank(); ++i) kept[i] = 1;
    return kept;
  }
  Require(!attrs.dim.empty(), "dim is empty; name at least one axis, or set reduce_all");
  for (const int32_t axis : attrs.dim) kept[NormalizeAxis(axis, dims.rank(), "dim")] = 1;
  return kept;
}

// The dims of Out.
inline Dims ReducedDims(const ReduceAttrs& attrs, const Dims& dims) {
  const Dims kept = KeptDims(attrs, dims);
  if (attrs.keep_dim) return kept;
  bool reduced[kMaxRank] = {};
  for (int i = 0; i < dims.rank(); ++i) reduced[i] = attrs.reduce_all;
  if (!attrs.reduce_all)
    for (const int32_t axis : attrs.dim) reduced[NormalizeAxis(axis, dims.rank())] = true;
  Dims out;
  for (int i = 0; i < dims.rank(); ++i)
    if (!reduced[i]) out.Append(dims[i]);
  if (out.rank() == 0) out.Append(1);
  return out;
}

}  // namespace paddle
