// Slices along an axis by number: gather along the first, index_select along any.
#include "paddle/ops/indexing/indices.h"

namespace paddle {
namespace {

struct GatherAttrs {
  bool overwrite = true;
  static auto Fields() {
    return std::tuple{Field{"overwrite", &GatherAttrs::overwrite,
                            "What the gradient does where Index names a row several times: true keeps the last "
                            "contribution, false adds them up."}};
  }
  static int Axis(const GatherAttrs&, int) { return 0; }
};

struct IndexSelectAttrs {
  int32_t dim = 0;
  static auto Fields() {
    return std::tuple{Field{"dim", &IndexSelectAttrs::dim, "The axis; negative ones count from the last."}};
  }
  static int Axis(const IndexSelectAttrs& attrs, int rank) { return NormalizeAxis(attrs.dim, rank, "dim"); }
};

template <class Attrs>
Dims OutDims(const Attrs& attrs, const InferContext& context) {
  context.CheckRank("X", 1, kMaxRank);
  Dims dims = context.In("X").dims;
  dims[Attrs::Axis(attrs, dims.rank())] = CountIndices(context, "Index");
  return dims;
}

template <class Attrs>
void Infer(const Attrs& attrs, InferContext& context) {
  const TensorMeta x = context.In("X");
  context.SetOut("Out", OutDims(attrs, context), x.dtype);
  if (Attrs::Axis(attrs, x.rank()) > 0) context.ShareLod("X", "Out");
}

template <class Attrs>
void Take(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor& index, Tensor& out) {
  const int axis = Attrs::Axis(attrs, x.rank());
  const auto indices = CheckedIndices(index, "Index", x.dim(axis), "X", axis);
  math::TakeSlices(SlicesAlong(x.dims(), axis), SizeOf(x.dtype()), x.raw(), indices, out.mutable_raw());
}

template <class Attrs>
void InferGrad(const Attrs& attrs, InferContext& context) {
  const Dims dims = OutDims(attrs, context);
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          ", but Out has ", dims);
  context.CheckDType("X", kAddable);
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
}

template <class Attrs>
void TakeGrad(const CpuContext&, const Attrs& attrs, const Tensor& index, const Tensor& dout, const Tensor& x,
              Tensor& dx) {
  const int axis = Attrs::Axis(attrs, x.rank());
  const auto indices = CheckedIndices(index, "Index", x.dim(axis), "X", axis);
  const auto shape = SlicesAlong(x.dims(), axis);
  FillZero(dx);
  if constexpr (requires { attrs.overwrite; })
    if (attrs.overwrite) return math::PutSlices(shape, SizeOf(dx.dtype()), dout.raw(), indices, dx.mutable_raw());
  AddSlices(shape, dout, indices, dx);
}

const SlotSpec kIndex{"Index", "Slice numbers, int32 or int64, [n] or [n, 1].", kNoGradient};

template <class Attrs>
Registered RegisterTake(std::string_view name, std::string_view grad_name, std::string_view doc,
                        std::string_view grad_doc) {
  RegisterOp<Attrs>({.name = name,
                     .doc = doc,
                     .inputs = {{"X", "Tensor of rank 1 or more."}, kIndex},
                     .outputs = {{"Out", "n slices; X's LoD where the axis is not the first."}},
                     .infer = Infer<Attrs>});
  RegisterKernel(name, Take<Attrs>);
  RegisterOp<Attrs>({.name = grad_name,
                     .doc = grad_doc,
                     .inputs = {kIndex, {"Out@GRAD", "Gradient of Out."}, {"X", "Input of the op.", kMetaOnly}},
                     .outputs = {{"X@GRAD", "Gradient of X."}},
                     .infer = InferGrad<Attrs>});
  return RegisterKernel(grad_name, TakeGrad<Attrs>);
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterTake<GatherAttrs>("gather", "gather_grad", "Rows of X by number: Out[i] = X[Index[i]].",
                              "X@GRAD = Out@GRAD at the rows that Index names, 0 elsewhere."),
    RegisterTake<IndexSelectAttrs>("index_select", "index_select_grad",
                                   "Slices of X along the axis `dim` by number: slice i of Out is slice Index[i] of X.",
                                   "Slice k of X@GRAD = the sum of the slices i of Out@GRAD with Index[i] = k."),
};

}  // namespace
}  // namespace paddle
