// one_hot, whose ids end in a dimension of 1, and one_hot_v2, whose ids have any shape.
#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct OneHotAttrs {
  int32_t depth = -1;
  int32_t dtype = 5;  // float32
  bool allow_out_of_range = false;

  static auto Fields() {
    using A = OneHotAttrs;
    return std::tuple{Field{"depth", &A::depth, "The number of classes; the input depth_tensor goes before it."},
                      Field{"dtype", &A::dtype, "Element type of Out as its number in program files; 5: float32."},
                      Field{"allow_out_of_range", &A::allow_out_of_range,
                            "Whether an id outside [0, depth) gives zeros; otherwise it is an error."}};
  }
};

int64_t Depth(const OneHotAttrs& attrs, const InferContext& context) {
  int64_t depth = attrs.depth;
  if (context.Has("depth_tensor")) {
    context.CheckDType("depth_tensor", kIndices);
    Require(SizesAgree(context.In("depth_tensor").numel(), 1), "depth_tensor has shape ",
            context.In("depth_tensor").dims, "; expected one integer");
    const auto values = context.Values("depth_tensor");
    if (!values) return -1;
    depth = values->at(0);
  }
  if (depth == -1 && context.building()) return -1;
  Require(depth >= 1, "depth is ", depth, "; expected 1 or more, as the attribute depth or the input depth_tensor");
  return depth;
}

void Infer(const OneHotAttrs& attrs, InferContext& context, bool column) {
  context.CheckDType("X", kIndices);
  const auto dtype = ToDType(attrs.dtype);
  Require(dtype.has_value(), "dtype is ", attrs.dtype, ", which is no element type");
  Dims dims = context.In("X").dims;
  const int64_t depth = Depth(attrs, context);
  if (column) {
    Require(dims.rank() >= 2 && SizesAgree(dims[dims.rank() - 1], 1), "X has shape ", dims,
            "; expected rank 2 or more and a last dimension of 1");
    dims[dims.rank() - 1] = depth;
  } else {
    dims.Append(depth);
  }
  context.SetOut("Out", dims, *dtype);
  context.ShareLod("X", "Out");
}

template <class T, class Id>
void Fill(const Id* ids, int64_t count, int64_t depth, bool allow, T* out) {
  ParallelFor(count, std::max<int64_t>(1, 16384 / depth), [=](int64_t begin, int64_t end) {
    std::fill(out + begin * depth, out + end * depth, T());
    for (int64_t i = begin; i < end; ++i) {
      const bool inside = ids[i] >= 0 && ids[i] < depth;
      Require(inside || allow, "X[", i, "] is ", ids[i], "; expected 0 <= id < depth = ", depth);
      if (inside) out[i * depth + ids[i]] = T(1);
    }
  });
}

void OneHot(const CpuContext&, const OneHotAttrs& attrs, const Tensor& x, const Tensor*, Tensor& out) {
  VisitAny(out.dtype(), [&]<class T>() {
    VisitIndex(x.dtype(), [&]<class Id>() {
      Fill(x.data<Id>(), x.numel(), out.dim(out.rank() - 1), attrs.allow_out_of_range, out.mutable_data<T>());
    });
  });
}

const SlotSpec kDepth{"depth_tensor", "The number of classes as a tensor of one integer.",
                      kOptional | kValue | kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<OneHotAttrs>({.name = "one_hot",
                             .doc = "Out[..., k] = 1 where k = X[...], else 0.",
                             .inputs = {{"X", "Ids [..., 1], int32 or int64.", kNoGradient}, kDepth},
                             .outputs = {{"Out", "[..., depth], with X's LoD."}},
                             .infer = [](const OneHotAttrs& a, InferContext& c) { Infer(a, c, true); }}),
    RegisterKernel("one_hot", OneHot),
    RegisterOp<OneHotAttrs>({.name = "one_hot_v2",
                             .doc = "Out[..., k] = 1 where k = X[...], else 0.",
                             .inputs = {{"X", "Ids of any shape, int32 or int64.", kNoGradient}, kDepth},
                             .outputs = {{"Out", "[X's shape, depth], with X's LoD."}},
                             .infer = [](const OneHotAttrs& a, InferContext& c) { Infer(a, c, false); }}),
    RegisterKernel("one_hot_v2", OneHot),
};

}  // namespace
}  // namespace paddle
