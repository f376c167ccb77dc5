#pragma once
// Attributes of matmul, and the products that compute it.

#include <algorithm>

#include "paddle/math/gemm.h"
#include "paddle/op/attributes.h"

namespace paddle {

struct MatMulAttrs {
  bool transpose_X = false;
  bool transpose_Y = false;
  float alpha = 1;
  int32_t head_number = 1;

  static auto Fields() {
    return std::tuple{Field{"transpose_X", &MatMulAttrs::transpose_X, "Use the transpose of X's matrices."},
                      Field{"transpose_Y", &MatMulAttrs::transpose_Y, "Use the transpose of Y's matrices."},
                      Field{"alpha", &MatMulAttrs::alpha, "Factor of the product."},
                      Field{"head_number", &MatMulAttrs::head_number,
                            "Number h of heads: X's columns and Y's rows are cut into h equal parts, and the h "
                            "products stand side by side. Has no gradient unless 1."}};
  }
};

// A tensor seen as [batch, rows, columns], as stored (before its transposition).
struct Matrices {
  int64_t batch = 1, rows = 1, columns = 1;
  bool batched = false;  // of rank 3 at least
};

// op(X) is [m, k], op(Y) is [k, n].
struct Product {
  Matrices x, y;
  int64_t batch, m, n, k;
};

Product ProductOf(const MatMulAttrs& attrs, const Dims& x_dims, const Dims& y_dims);

// The products that make up Out: `runs` of them, from items that lie so many elements apart.
struct MatMulPlan {
  GemmShape shape;
  int64_t runs = 1;  // one a batch item where the heads are the batch
  int64_t step_x = 0, step_y = 0, step_out = 0;
};
MatMulPlan PlanMatMul(const MatMulAttrs& attrs, const Dims& x_dims, const Dims& y_dims);

// One operand's gradient: a batch of products, or, where the operand was used by every item, their sum.
struct OperandPlan {
  GemmShape shape;
  bool sum = false;
  int64_t items = 1, step_a = 0, step_b = 0;
};
struct MatMulGradPlan {
  OperandPlan x, y;
};
MatMulGradPlan PlanMatMulGrad(const MatMulAttrs& attrs, const Dims& x_dims, const Dims& y_dims);

// What computes a plan with products of type Gemm, prepared by make(shape, alpha, beta).
template <class Gemm>
struct OperandGrad {
  Gemm first, more;
  OperandPlan plan;

  OperandGrad() = default;
  template <class Make>
  OperandGrad(const OperandPlan& p, float alpha, const Make& make) : first(make(p.shape, alpha, 0)), plan(p) {
    if (p.sum) more = make(p.shape, alpha, 1);
  }
  size_t scratch_bytes() const { return std::max(first.scratch_bytes(), more.scratch_bytes()); }

  // run(gemm, a, b): one product.
  template <class T, class Run>
  void ForEachProduct(const T* a, const T* b, const Run& run) const {
    if (plan.items == 0) return;
    run(first, a, b);
    for (int64_t i = 1; plan.sum && i < plan.items; ++i) run(more, a + i * plan.step_a, b + i * plan.step_b);
  }
};

}  // namespace paddle
