#pragma once
// What the sequence ops share.

#include <string_view>

#include "paddle/op/infer.h"

namespace paddle {

// The LoD of an input whose rows must be grouped into sequences. For run time: while building only the depth is known.
inline const Lod& RequireLod(const InferContext& context, std::string_view input, int i = 0) {
  const TensorMeta& meta = context.In(input, i);
  Require(!meta.lod.empty(), "input ", input, " of shape ", meta.dims,
          " has no LoD: its rows are not grouped into sequences; feed it as a LoDTensor (fluid.create_lod_tensor) or "
          "give it a LoD with lod_reset");
  meta.lod.CheckRows(meta.rank() ? meta.dims[0] : 0, "the input");
  return meta.lod;
}

// Number of elements in one row of a tensor of these dims.
inline int64_t RowSize(const Dims& dims) { return dims.Product(1, dims.rank()); }

}  // namespace paddle
