#pragma once
// What the ops of two tensors that broadcast have in common.

#include "paddle/math/broadcast.h"
#include "paddle/op/registry.h"

namespace paddle {

struct ElementwiseAttrs {
  int32_t axis = -1;
  static auto Fields() {
    return std::tuple{Field{"axis", &ElementwiseAttrs::axis,
                            "The axis of the input of larger rank from which on the other's axes are laid against its "
                            "own; -1: the last ones."}};
  }
};

inline constexpr std::string_view kBroadcastX = "First operand, of any shape.";
inline constexpr std::string_view kBroadcastY =
    "Second operand, of X's element type; its shape fits X's from `axis` on, sizes of 1 stretch.";
inline constexpr std::string_view kBroadcastOut = "The result, of the broadcast shape, with X's LoD.";

// Out of the broadcast shape and of `dtype`, with X's LoD.
inline void InferBroadcast(const ElementwiseAttrs& attrs, InferContext& context, DType dtype) {
  context.CheckSameDType("X", "Y");
  TensorMeta* out = context.MutableOut("Out");
  if (!out) return;
  const TensorMeta& x = context.In("X");
  out->dims = math::BroadcastDims(x.dims, context.In("Y").dims, attrs.axis);
  out->dtype = dtype;
  context.ShareLod("X", "Out");
}

}  // namespace paddle
