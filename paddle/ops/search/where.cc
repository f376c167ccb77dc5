// where and where_index: choices by a condition.

#include <algorithm>

#include "paddle/math/map.h"
#include "paddle/math/visit_bits.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void InferWhere(const NoAttrs&, InferContext& context) {
  context.CheckDType("Condition", {DType::kBool});
  context.CheckSameDims("Condition", "X");
  context.CheckSameDims("X", "Y");
  context.CheckSameDType("X", "Y");
  context.CopyMeta("X", "Out");
}

void Where(const CpuContext&, const NoAttrs&, const Tensor& condition, const Tensor& x, const Tensor& y, Tensor& out) {
  const bool* c = condition.data<bool>();
  VisitBits(x.dtype(), [&]<class T>() {
    const T *px = reinterpret_cast<const T*>(x.raw()), *py = reinterpret_cast<const T*>(y.raw());
    T* to = reinterpret_cast<T*>(out.mutable_raw());
    ParallelFor(out.numel(), math::kCheapGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = c[i] ? px[i] : py[i];
    });
  });
}

void InferWhereGrad(const NoAttrs&, InferContext& context) {
  context.CheckDType("Condition", {DType::kBool});
  context.CheckDType("Out@GRAD", kNumbers);
  context.CheckSameDims("Condition", "Out@GRAD");
  for (const std::string_view slot : {"X", "Y"}) {
    context.CheckSameDims(slot, "Out@GRAD");
    context.CheckSameDType(slot, "Out@GRAD");
  }
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}

// The gradient goes where the element came from. X@GRAD may be Out@GRAD's memory, so Y@GRAD is written first.
void WhereGrad(const CpuContext&, const NoAttrs&, const Tensor& condition, const Tensor& dout, const Tensor&,
               const Tensor&, Tensor* dx, Tensor* dy) {
  const bool* c = condition.data<bool>();
  VisitNumber(dout.dtype(), [&]<class T>() {
    const T* d = dout.data<T>();
    const auto keep = [&](Tensor* to, bool side) {
      T* out = to->mutable_data<T>();
      ParallelFor(to->numel(), math::kCheapGrain, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) out[i] = c[i] == side ? d[i] : T(0);
      });
    };
    if (dy) keep(dy, false);
    if (dx) keep(dx, true);
  });
}

constexpr DTypeSet kCondition{DType::kBool, DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64};

void InferIndex(const NoAttrs&, InferContext& context) {
  context.CheckDType("Condition", kCondition);
  context.CheckRank("Condition", 1, kMaxRank);
  context.SetOut("Out", {-1, context.In("Condition").rank()}, DType::kInt64);
}

template <class T>
void FindNonZero(const CpuContext& cpu, const Tensor& condition, Tensor& out) {
  const T* data = condition.data<T>();
  const int64_t n = condition.numel(), count = n - std::count(data, data + n, T(0));
  const int rank = condition.rank();
  out.Allocate({count, rank}, DType::kInt64, cpu.allocator());
  int64_t* to = out.mutable_data<int64_t>();
  for (int64_t i = 0; i < n; ++i) {
    if (data[i] == T(0)) continue;
    int64_t rest = i;
    for (int axis = rank - 1; axis >= 0; --axis) {
      to[axis] = rest % condition.dim(axis);
      rest /= condition.dim(axis);
    }
    to += rank;
  }
}

void WhereIndex(const CpuContext& cpu, const NoAttrs&, const Tensor& condition, Tensor& out) {
  if (condition.dtype() == DType::kBool) return FindNonZero<bool>(cpu, condition, out);
  VisitNumber(condition.dtype(), [&]<class T>() { FindNonZero<T>(cpu, condition, out); });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "where",
                         .doc = "Out = X where Condition is true, else Y, element by element.",
                         .inputs = {{"Condition", "bool, of any shape.", kNoGradient},
                                    {"X", "Tensor of Condition's shape."},
                                    {"Y", "Tensor of Condition's shape and X's element type."}},
                         .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                         .infer = InferWhere,
                         .may_share = {{"Out", "X"}, {"Out", "Y"}}}),
    RegisterKernel("where", Where),
    RegisterOp<NoAttrs>({.name = "where_grad",
                         .doc = "X@GRAD = Out@GRAD where Condition is true, else 0; Y@GRAD the other way round.",
                         .inputs = {{"Condition", "Input of the op."},
                                    {"Out@GRAD", "Gradient of Out."},
                                    {"X", "Input of the op.", kMetaOnly},
                                    {"Y", "Input of the op.", kMetaOnly}},
                         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
                         .infer = InferWhereGrad,
                         .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("where_grad", WhereGrad),
    RegisterOp<NoAttrs>({.name = "where_index",
                         .doc = "Out = the positions at which Condition is true, or not 0, in row-major order.",
                         .inputs = {{"Condition", "bool or numbers, of rank 1 or more.", kNoGradient}},
                         .outputs = {{"Out", "One position a row, int64[n, rank].", kDynamic}},
                         .infer = InferIndex}),
    RegisterKernel("where_index", WhereIndex),
};

}  // namespace
}  // namespace paddle
