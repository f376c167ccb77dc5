#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  const TensorMeta &out = context.In("Out"), &indices = context.In("Indices"), &label = context.In("Label");
  context.CheckDType("Out", kFloats);
  context.CheckDType("Indices", kIndices);
  context.CheckDType("Label", kIndices);
  context.CheckSameDType("Indices", "Label");
  context.CheckRank("Indices", 2, 2);
  context.CheckRank("Label", 2, 2);
  context.CheckSameDims("Out", "Indices");
  Require(SizesAgree(label.dims[0], indices.dims[0]), "Label has ", label.dims[0], " rows and Indices ",
          indices.dims[0], "; expected the same");
  Require(SizesAgree(label.dims[1], 1), "Label has shape ", label.dims, "; expected [rows, 1]");
  context.SetOut("Accuracy", {1}, out.dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32);
  context.SetOut("Correct", {1}, DType::kInt32);
  context.SetOut("Total", {1}, DType::kInt32);
}

void Accuracy(const CpuContext&, const NoAttrs&, const Tensor&, const Tensor& indices, const Tensor& label,
              Tensor& accuracy, Tensor& correct, Tensor& total) {
  const int64_t rows = indices.dim(0), classes = indices.dim(1);
  int32_t hits = 0;
  VisitIndex(indices.dtype(), [&]<class T>() {
    const T *index = indices.data<T>(), *truth = label.data<T>();
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t k = 0; k < classes; ++k)
        if (index[i * classes + k] == truth[i]) {
          ++hits;
          break;
        }
  });
  *correct.mutable_data<int32_t>() = hits;
  *total.mutable_data<int32_t>() = static_cast<int32_t>(rows);
  VisitFloat(accuracy.dtype(), [&]<class T>() {
    *accuracy.mutable_data<T>() = rows ? static_cast<T>(hits) / static_cast<T>(rows) : T(0);
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "accuracy",
         .doc = "Accuracy = the share of rows whose label is among the k classes in Indices, as top_k finds them.",
         .inputs = {{"Out", "Scores of the k best classes, [rows, k]; only the shape is read.",
                     kMetaOnly | kNoGradient},
                    {"Indices", "The k best classes, [rows, k].", kNoGradient},
                    {"Label", "The true classes, [rows, 1].", kNoGradient}},
         .outputs = {{"Accuracy", "Correct / Total, of shape [1]; 0 without rows."},
                     {"Correct", "Number of rows that are right, int32[1]."},
                     {"Total", "Number of rows, int32[1]."}},
         .infer = Infer}),
    RegisterKernel("accuracy", Accuracy),
};

}  // namespace
}  // namespace paddle
