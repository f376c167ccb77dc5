#pragma once
// What fused_mul_lstm and fused_mul_gru share: the product in front of the layer.

#include "paddle/math/chunk_projection.h"
#include "paddle/op/check_dims.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {

// Checks X, Y and YBias; what comes of them is as wide as Y.
inline void CheckProjection(const InferContext& context) {
  context.CheckSameDType("X", "Y");
  context.CheckSameDType("X", "YBias");
  context.CheckRank("X", 2, 2);
  context.CheckRank("Y", 2, 2);
  const Dims &x = context.In("X").dims, &y = context.In("Y").dims;
  Require(SizesAgree(x[1], y[0]), "X ", x, " has rows of ", x[1], " elements, but Y ", y, " has ", y[0], " rows");
  if (context.Has("YBias")) CheckDims(context, "YBias", {y[1]});
}

template <class T>
Projection<T> ProjectionOf(const Tensor& x, const Tensor& y, const Tensor* y_bias, Tensor* dx = nullptr,
                           Tensor* dy = nullptr, Tensor* d_y_bias = nullptr) {
  return {.width = y.dim(0),
          .columns = y.dim(1),
          .x = x.data<T>(),
          .weight = y.data<T>(),
          .bias = DataOf<T>(y_bias),
          .x_grad = DataOf<T>(dx),
          .weight_grad = DataOf<T>(dy),
          .bias_grad = DataOf<T>(d_y_bias)};
}

}  // namespace paddle
