#include <algorithm>
#include <cmath>

#include "paddle/math/map.h"
#include "paddle/math/sums.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sparse/merged_rows.h"

namespace paddle {
namespace {

struct ClipByNormAttrs {
  float max_norm = 0;
  static auto Fields() {
    return std::tuple{Field{"max_norm", &ClipByNormAttrs::max_norm, "The largest norm that Out may have, above 0.",
                            Presence::kRequired}};
  }
};

void Infer(const ClipByNormAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  Require(attrs.max_norm > 0, "max_norm is ", attrs.max_norm, "; expected a number above 0");
  context.CopyMeta("X", "Out");
}

template <class T>
void Clip(float max_norm, const T* x, T* out, int64_t n) {
  const double norm = std::sqrt(ParallelSum<T>(n, [x](int64_t i) { return x[i] * x[i]; }));
  const T factor = static_cast<T>(norm > max_norm ? max_norm / norm : 1);
  math::Map([factor](T v) { return v * factor; }, x, out, n);
}

void Dense(const CpuContext&, const ClipByNormAttrs& attrs, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() { Clip(attrs.max_norm, x.data<T>(), out.mutable_data<T>(), x.numel()); });
}

// Rows that stand for parts of one row are added up first.
void Sparse(const CpuContext& cpu, const ClipByNormAttrs& attrs, RowMerger& merger, const SelectedRows& x,
            SelectedRows& out) {
  merger.Merge(x);
  const auto count = static_cast<int64_t>(merger.rows().size());
  out.Allocate(count, cpu.allocator());
  out.rows = merger.rows();
  VisitFloat(out.value.dtype(), [&]<class T>() {
    Clip(attrs.max_norm, merger.value<T>(0), out.value.mutable_data<T>(), out.value.numel());
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ClipByNormAttrs>(
        {.name = "clip_by_norm",
         .doc = "Out = X, scaled down so that its Euclidean norm, over all elements, is at most max_norm.",
         .inputs = {{"X", "Tensor of any shape, or sparse rows.", kNoGradient}},
         .outputs = {{"Out", "As X in shape, kind and LoD; sparse rows are added up by number."}},
         .infer = Infer,
         .may_share = {{"Out", "X"}}}),
    RegisterKernel("clip_by_norm", Dense),
    RegisterKernel("clip_by_norm", PrepareRows<ClipByNormAttrs>, Sparse),
};

}  // namespace
}  // namespace paddle
