#pragma once
// What the optimizer ops share. Each updates Param and its accumulators in place, in one pass.

#include <initializer_list>

#include "paddle/math/for_each.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sparse/merged_rows.h"

namespace paddle {

constexpr int64_t kUpdatesPerTask = 8192;  // about 10 us

// Checks Param and LearningRate (where the op has one), that the slots of `like` have Param's shape and type, and sets
// the outputs: `outputs` pairs each output with the input that it updates.
inline void InferUpdate(InferContext& context, std::initializer_list<std::string_view> like,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> outputs,
                        bool has_rate = true) {
  context.CheckDType("Param", kFloats);
  for (const auto slot : like) {
    if (!context.Has(slot)) continue;
    context.CheckSameDims("Param", slot);
    context.CheckSameDType("Param", slot);
  }
  if (has_rate) {
    Require(SizesAgree(context.In("LearningRate").numel(), 1), "LearningRate has shape ",
            context.In("LearningRate").dims, "; expected one number");
    context.CheckSameDType("Param", "LearningRate");
  }
  for (const auto& [output, input] : outputs)
    if (context.HasOut(output)) context.CopyMeta(input, output);
}

// Calls update(i) for every element i of a parameter of `count` elements.
template <class Update>
void ForEachElement(int64_t count, const Update& update) {
  ForEachIndex(count, kUpdatesPerTask, update);
}

// `update` by gradients times the factor, one number; where there is none, by the gradients as they are. The loops are
// compiled without fused multiply-add, so the product is rounded as that of elementwise_mul is.
template <class T, class Update>
auto ByFactor(const Tensor* factor, const Update& update) {
  return [update, scale = factor ? *factor->data<T>() : T(1)](int64_t i, T g) { update(i, g * scale); };
}

// Calls update(i, g) for every element i of a parameter with its gradient g, times the factor where there is one.
template <class T, class Update>
void ForEachElement(const Tensor& grad, const Tensor* factor, const Update& update) {
  ForEachElement(grad.numel(),
                 [scaled = ByFactor<T>(factor, update), g = grad.data<T>()](int64_t i) { scaled(i, g[i]); });
}

// Calls update(i, g) for every element i of the parameter with its gradient g, 0 where no row of the sparse gradient
// is. `rows`: merged.
template <class T, class Update>
void ForEachElement(const RowMerger& rows, int64_t height, const Update& update) {
  const int64_t width = rows.width();
  ParallelFor(height, std::max<int64_t>(1, kUpdatesPerTask / std::max<int64_t>(width, 1)),
              [&](int64_t begin, int64_t end) {
                rows.ForEachRow<T>(begin, end, [&](int64_t row, const T* g) {
                  for (int64_t i = 0; i < width; ++i) update(row * width + i, g[i]);
                });
              });
}

// Calls update(i, g) for the elements of rows that occur in the sparse gradient only. `rows`: merged.
template <class T, class Update>
void ForEachTouched(const RowMerger& rows, const Update& update) {
  const int64_t width = rows.width();
  ParallelFor(static_cast<int64_t>(rows.rows().size()),
              std::max<int64_t>(1, kUpdatesPerTask / std::max<int64_t>(width, 1)), [&](int64_t begin, int64_t end) {
                for (int64_t k = begin; k < end; ++k) {
                  const T* g = rows.value<T>(k);
                  for (int64_t i = 0; i < width; ++i) update(rows.rows()[k] * width + i, g[i]);
                }
              });
}

// What an op that the pass fuse_clip puts in the place of elementwise_mul and an optimizer's op has more than that one:
// the input Factor.
template <class Attrs, void (*kInfer)(const Attrs&, InferContext&)>
OpSpec<Attrs> Scaled(OpSpec<Attrs> spec, std::string_view name, std::string_view doc) {
  spec.name = name;
  spec.doc = doc;
  spec.inputs.push_back({"Factor", "What the gradient is multiplied by, one number."});
  spec.infer = [](const Attrs& attrs, InferContext& context) {
    kInfer(attrs, context);
    const Dims& dims = context.In("Factor").dims;
    Require(SizesAgree(dims.numel(), 1), "Factor has shape ", dims, "; expected one number");
    context.CheckSameDType("Param", "Factor");
  };
  return spec;
}

}  // namespace paddle
