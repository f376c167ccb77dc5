// Matrices that are zero off the diagonal: diag and eye.

#include <algorithm>
#include <cstring>

#include "paddle/ops/creation/creation.h"

namespace paddle {
namespace {

void InferDiag(const NoAttrs&, InferContext& context) {
  context.CheckDType("Diagonal", kNumbers);
  context.CheckRank("Diagonal", 1, 1);
  const TensorMeta& diagonal = context.In("Diagonal");
  context.SetOut("Out", {diagonal.dims[0], diagonal.dims[0]}, diagonal.dtype);
}

void Diag(const CpuContext&, const NoAttrs&, const Tensor& diagonal, Tensor& out) {
  if (out.bytes()) std::memset(out.mutable_raw(), 0, out.bytes());
  VisitNumber(diagonal.dtype(), [&]<class T>() {
    const T* values = diagonal.data<T>();
    for (int64_t i = 0, n = diagonal.numel(); i < n; ++i) out.mutable_data<T>()[i * (n + 1)] = values[i];
  });
}

struct EyeAttrs {
  int32_t dtype = 5;
  int64_t num_rows = 0;
  int64_t num_columns = -1;
  static auto Fields() {
    return std::tuple{Field{"dtype", &EyeAttrs::dtype, "Element type of Out, by its number in Fluid's files."},
                      Field{"num_rows", &EyeAttrs::num_rows, "Number of rows.", Presence::kRequired},
                      Field{"num_columns", &EyeAttrs::num_columns, "Number of columns; -1: as many as rows."}};
  }
};

void InferEye(const EyeAttrs& attrs, InferContext& context) {
  Require(attrs.num_rows >= 0, "num_rows is ", attrs.num_rows, "; expected 0 or more");
  Require(attrs.num_columns >= -1, "num_columns is ", attrs.num_columns, "; expected 0 or more, or -1");
  const int64_t columns = attrs.num_columns < 0 ? attrs.num_rows : attrs.num_columns;
  context.SetOut("Out", {attrs.num_rows, columns}, DTypeFromAttr(attrs.dtype, kAllTypes));
}

void Eye(const CpuContext&, const EyeAttrs&, Tensor& out) {
  if (out.bytes()) std::memset(out.mutable_raw(), 0, out.bytes());
  VisitAny(out.dtype(), [&]<class T>() {
    T one{};
    if constexpr (std::is_arithmetic_v<T>)
      one = T(1);
    else
      one = T(1.0f);
    T* data = out.mutable_data<T>();
    for (int64_t i = 0; i < std::min(out.dim(0), out.dim(1)); ++i) data[i * (out.dim(1) + 1)] = one;
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>({.name = "diag",
                         .doc = "Out = a square matrix with Diagonal on its diagonal, 0 elsewhere.",
                         .inputs = {{"Diagonal", "The elements, [n].", kNoGradient}},
                         .outputs = {{"Out", "The matrix, [n, n]."}},
                         .infer = InferDiag}),
    RegisterKernel("diag", Diag),
    RegisterOp<EyeAttrs>({.name = "eye",
                          .doc = "Out = a matrix with 1 on its diagonal, 0 elsewhere.",
                          .inputs = {},
                          .outputs = {{"Out", "The matrix, [num_rows, num_columns]."}},
                          .infer = InferEye}),
    RegisterKernel("eye", Eye),
};

}  // namespace
}  // namespace paddle
