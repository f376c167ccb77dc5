#include <algorithm>

#include "paddle/math/axis_view.h"
#include "paddle/op/registry.h"
#include "paddle/ops/search/order.h"

namespace paddle {
namespace {

struct ArgsortAttrs {
  int32_t axis = -1;
  bool descending = false;
  static auto Fields() {
    return std::tuple{Field{"axis", &ArgsortAttrs::axis, "The axis to sort along; negative ones count from the last."},
                      Field{"descending", &ArgsortAttrs::descending, "Whether the largest element comes first."}};
  }
};

void Infer(const ArgsortAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  NormalizeAxis(attrs.axis, context.In("X").rank());
  context.CopyMeta("X", "Out");
  context.CopyMeta("X", "Indices");
  if (TensorMeta* indices = context.MutableOut("Indices")) indices->dtype = DType::kInt64;
}

// Room to sort all lines at once.
struct Room {
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }
};

Room Prepare(const CpuContext&, const ArgsortAttrs&, const OpMetas& metas) {
  const TensorMeta& x = metas.In("X");
  const size_t element = SizeOf(x.dtype) == 4 ? sizeof(Ranked<float>) : sizeof(Ranked<double>);
  return {static_cast<size_t>(x.numel()) * element};
}

void Argsort(const CpuContext&, const ArgsortAttrs& attrs, Room&, Scratch scratch, const Tensor& x, Tensor& out,
             Tensor& indices) {
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitNumber(x.dtype(), [&]<class T>() {
    const T* px = x.data<T>();
    T* values = out.mutable_data<T>();
    int64_t* positions = indices.mutable_data<int64_t>();
    ForEachLine(view, 1024, [&, px, values, positions](int64_t line, int64_t at) {
      auto* entries = reinterpret_cast<Ranked<T>*>(scratch.data) + line * view.size;
      for (int64_t i = 0; i < view.size; ++i) entries[i] = {px[at + i * view.inner], i};
      if (attrs.descending)
        std::sort(entries, entries + view.size, Descending());
      else
        std::sort(entries, entries + view.size, Ascending());
      for (int64_t i = 0; i < view.size; ++i) {
        values[at + i * view.inner] = entries[i].value;
        positions[at + i * view.inner] = entries[i].index;
      }
    });
  });
}

void InferGrad(const ArgsortAttrs& attrs, InferContext& context) {
  context.CheckDType("Indices", {DType::kInt64});
  context.CheckDType("Out@GRAD", kNumbers);
  context.CheckSameDims("Indices", "Out@GRAD");
  context.CheckSameDims("X", "Out@GRAD");
  context.CheckSameDType("X", "Out@GRAD");
  NormalizeAxis(attrs.axis, context.In("X").rank());
  context.CopyMeta("X", "X@GRAD");
}

void ArgsortGrad(const CpuContext&, const ArgsortAttrs& attrs, const Tensor& indices, const Tensor& dout,
                 const Tensor& x, Tensor* dx) {
  if (!dx) return;
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  const int64_t* positions = indices.data<int64_t>();
  VisitNumber(dout.dtype(), [&]<class T>() {
    const T* pdout = dout.data<T>();
    T* pdx = dx->mutable_data<T>();
    ForEachLine(view, 8 * 1024, [=](int64_t, int64_t at) {
      for (int64_t i = 0; i < view.size; ++i) pdx[at + i * view.inner] = T(0);
      for (int64_t i = 0; i < view.size; ++i) {
        const int64_t from = positions[at + i * view.inner];
        Require(from >= 0 && from < view.size, "Indices holds ", from, "; expected 0 <= index < ", view.size);
        pdx[at + from * view.inner] += pdout[at + i * view.inner];
      }
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ArgsortAttrs>({.name = "argsort",
                              .doc = "Out = X sorted along an axis; equal elements keep their order. A NaN counts as "
                                     "the largest.",
                              .inputs = {{"X", "Tensor of rank 1 or more."}},
                              .outputs = {{"Out", "The elements, in X's shape and with its LoD."},
                                          {"Indices", "Where along the axis they were, int64."}},
                              .infer = Infer}),
    RegisterKernel("argsort", Prepare, Argsort),
    RegisterOp<ArgsortAttrs>({.name = "argsort_grad",
                              .doc = "X@GRAD = Out@GRAD, each element where it came from.",
                              .inputs = {{"Indices", "Output of the op."},
                                         {"Out@GRAD", "Gradient of Out."},
                                         {"X", "Input of the op.", kMetaOnly}},
                              .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
                              .infer = InferGrad}),
    RegisterKernel("argsort_grad", ArgsortGrad),
};

}  // namespace
}  // namespace paddle
