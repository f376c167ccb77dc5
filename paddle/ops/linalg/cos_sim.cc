#include <algorithm>

#include "paddle/math/for_each.h"
#include "paddle/math/functions.h"
#include "paddle/math/map.h"
#include "paddle/math/sums.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr double kLeastSquare = 1e-8;  // norms are not less than its root, so that zeros have a cosine: 0

// Throws unless Y has X's shape or one row for all of X's.
void CheckInputs(const InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "Y");
  context.CheckRank("X", 2, kMaxRank);
  const Dims &x = context.In("X").dims, &y = context.In("Y").dims;
  Dims one = x;
  one[0] = 1;
  Require(DimsAgree(x, y) || DimsAgree(one, y), "Y has shape ", y, " and X ", x, "; expected ", x, " or ", one);
}

void Infer(const NoAttrs&, InferContext& context) {
  CheckInputs(context);
  const DType dtype = context.In("X").dtype;
  const Dims column{context.In("X").dims[0], 1};
  context.SetOut("Out", column, dtype);
  context.SetOut("XNorm", column, dtype);
  context.SetOut("YNorm", {context.In("Y").dims[0], 1}, dtype);
  context.ShareLod("X", "Out");
}

void InferGrad(const NoAttrs&, InferContext& context) {
  CheckInputs(context);
  const Dims column{context.In("X").dims[0], 1};
  for (const auto slot : {"Out", "Out@GRAD", "XNorm"}) CheckDims(context, slot, column);
  CheckDims(context, "YNorm", {context.In("Y").dims[0], 1});
  for (const auto slot : {"Out", "Out@GRAD", "XNorm", "YNorm"}) context.CheckSameDType("X", slot);
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}

template <class F>
void ForRows(int64_t rows, int64_t width, const F& f) {
  ForEachIndex(rows, std::max<int64_t>(1, math::kCheapGrain / (width + 1)), f);
}

int64_t Width(const Tensor& x) { return x.dims().Product(1, x.rank()); }

template <class T>
void Norms(const T* x, int64_t rows, int64_t width, T* norms) {
  ForRows(rows, width, [=](int64_t row) {
    const T* a = x + row * width;
    const T square = LaneSum<T>(width, [=](int64_t i) { return a[i] * a[i]; });
    norms[row] = math::Sqrt(math::Max(square, T(kLeastSquare)));
  });
}

void CosSim(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor& y, Tensor& out, Tensor& x_norm,
            Tensor& y_norm) {
  const int64_t rows = x.dim(0), width = Width(x), y_step = y.dim(0) == 1 ? 0 : 1;
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *py = y.data<T>();
    T *to = out.mutable_data<T>(), *xn = x_norm.mutable_data<T>(), *yn = y_norm.mutable_data<T>();
    Norms(px, rows, width, xn);
    Norms(py, y.dim(0), width, yn);
    ForRows(rows, width, [=](int64_t row) {
      const T *a = px + row * width, *b = py + row * y_step * width;
      to[row] = LaneSum<T>(width, [=](int64_t i) { return a[i] * b[i]; }) / (xn[row] * yn[row * y_step]);
    });
  });
}

// Of one row: d cos / d x = y / (|x| |y|) - cos x / |x|^2, without the second part where the norm is the least one.
template <class T>
struct RowGrad {
  T of_other, of_self;

  RowGrad(T cosine, T dout, T norm, T other_norm)
      : of_other(dout / (norm * other_norm)),
        of_self(norm > math::Sqrt(T(kLeastSquare)) ? -dout * cosine / (norm * norm) : T(0)) {}
  T operator()(T self, T other) const { return of_other * other + of_self * self; }
};

void CosSimGrad(const CpuContext&, const NoAttrs&, const Tensor& out, const Tensor& dout, const Tensor& x,
                const Tensor& x_norm, const Tensor& y, const Tensor& y_norm, Tensor* d_x, Tensor* d_y) {
  const int64_t rows = x.dim(0), width = Width(x), y_step = y.dim(0) == 1 ? 0 : 1;
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *px = x.data<T>(), *py = y.data<T>(), *xn = x_norm.data<T>(), *yn = y_norm.data<T>();
    const T *cosine = out.data<T>(), *d = dout.data<T>();
    if (d_x) {
      T* to = d_x->mutable_data<T>();
      ForRows(rows, width, [=](int64_t row) {
        const RowGrad<T> grad(cosine[row], d[row], xn[row], yn[row * y_step]);
        math::MapSerial(grad, px + row * width, py + row * y_step * width, to + row * width, width);
      });
    }
    if (!d_y) return;
    T* to = d_y->mutable_data<T>();
    if (y_step) {
      ForRows(rows, width, [=](int64_t row) {
        const RowGrad<T> grad(cosine[row], d[row], yn[row], xn[row]);
        math::MapSerial(grad, py + row * width, px + row * width, to + row * width, width);
      });
      return;
    }
    // One row of Y for all of X: threads share columns, so that the order of the sum is fixed.
    std::fill(to, to + width, T{0});
    ParallelFor(width, std::max<int64_t>(16, math::kCheapGrain / (rows + 1)), [=](int64_t begin, int64_t end) {
      for (int64_t row = 0; row < rows; ++row) {
        const RowGrad<T> grad(cosine[row], d[row], yn[0], xn[row]);
        for (int64_t i = begin; i < end; ++i) to[i] += grad(py[i], px[row * width + i]);
      }
    });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "cos_sim",
         .doc = "Out = the cosines of the angles between the rows of X and Y. A norm below 1e-4 counts as 1e-4.",
         .inputs = {{"X", "Tensor [N, ...]; all but the first axis are one row."},
                    {"Y", "Tensor of X's shape, or with one row, which meets all of X's."}},
         .outputs = {{"Out", "Tensor [N, 1], grouped as X."},
                     {"XNorm", "[N, 1]: the norms of the rows of X.", kIntermediate},
                     {"YNorm", "[N, 1] or [1, 1]: the norms of the rows of Y.", kIntermediate}},
         .infer = Infer}),
    RegisterKernel("cos_sim", CosSim),
    RegisterOp<NoAttrs>({.name = "cos_sim_grad",
                         .doc = "Gradient of cos_sim.",
                         .inputs = {{"Out", "Of the forward op."},
                                    {"Out@GRAD", "Gradient of Out."},
                                    {"X", "Of the forward op."},
                                    {"XNorm", "Of the forward op."},
                                    {"Y", "Of the forward op."},
                                    {"YNorm", "Of the forward op."}},
                         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}, {"Y@GRAD", "Gradient of Y.", kOptional}},
                         .infer = InferGrad}),
    RegisterKernel("cos_sim_grad", CosSimGrad),
};

}  // namespace
}  // namespace paddle
