// The mean cross entropy of a linear layer with many classes, and all its gradients, some rows at a time: the logits,
// most of the memory of a language model's step, are never there at once. No program names this op: the pass
// fuse_linear_cross_entropy puts it in the place of mul, elementwise_add, softmax_with_cross_entropy, mean and their
// gradients.
#include <algorithm>

#include "paddle/base/round_up.h"
#include "paddle/device/parallel.h"
#include "paddle/math/map.h"
#include "paddle/math/reduce.h"
#include "paddle/math/scratch_parts.h"
#include "paddle/math/sum.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/linalg/mul.h"
#include "paddle/ops/loss/hard_loss.h"
#include "paddle/ops/loss/label.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 4096;

struct FusedLinearCrossEntropyAttrs {
  int32_t x_num_col_dims = 1;
  int64_t ignore_index = -100;

  static auto Fields() {
    using A = FusedLinearCrossEntropyAttrs;
    return std::tuple{
        Field{"x_num_col_dims", &A::x_num_col_dims, "How many leading dimensions of X make the rows of its matrix."},
        Field{"ignore_index", &A::ignore_index, "Rows of this class have no loss and no gradient."}};
  }
};

using Attrs = FusedLinearCrossEntropyAttrs;

void Infer(const Attrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  for (const char* slot : {"Y", "Bias", "DOut"})
    if (context.Has(slot)) context.CheckSameDType("X", slot);
  context.CheckDType("Label", kIndices);
  context.CheckRank("Y", 2, 2);
  const Dims &x = context.In("X").dims, &y = context.In("Y").dims, &label = context.In("Label").dims;
  const int columns = attrs.x_num_col_dims;
  CheckColumns(columns, x.rank(), "x_num_col_dims", "X");
  const int64_t width = x.Product(columns, x.rank());
  Require(SizesAgree(width, y[0]), "X ", x, " has rows of ", width, " elements, but Y ", y, " has ", y[0], " rows");
  Require(y[1] != 0, "Y ", y, " has no columns; expected one for each class");
  if (context.Has("Bias")) CheckDims(context, "Bias", {y[1]});
  CheckDims(context, "DOut", {1});
  Dims loss = x.Slice(0, columns);
  loss.Append(1);
  Require(DimsAgree(label, loss), "Label of shape ", label, " does not fit X ", x, "; expected ", loss);
  context.SetOut("Loss", loss, context.In("X").dtype);
  context.ShareLod("X", "Loss");
  context.SetOut("Out", {1}, context.In("X").dtype);
  if (context.HasOut("DX")) context.CopyMeta("X", "DX");
  if (context.HasOut("DY")) context.CopyMeta("Y", "DY");
  if (context.HasOut("DBias")) context.SetOut("DBias", {y[1]}, context.In("X").dtype);
}

// Rows of the logits that are computed at once: all where they are few; else about 8 MB of floats, but enough rows to
// be worth a pass over the gradient of the weight. The parts are equal, but for the last.
struct RowParts {
  int64_t rows, size, count;

  RowParts(int64_t rows, int64_t classes) : rows(rows) {
    constexpr int64_t kFew = int64_t{5} << 20, kElements = int64_t{1} << 21, kStep = 16, kFewestRows = 128;
    const int64_t most =
        rows <= kFew / classes ? std::max<int64_t>(rows, 1) : RoundUp(kElements / classes + 1, kFewestRows);
    size = RoundUp((rows + Count(rows, most) - 1) / Count(rows, most), kStep);
    count = Count(rows, std::max<int64_t>(size, 1));
  }
  int64_t Size(int64_t part) const { return part + 1 < count ? size : rows - (count - 1) * size; }

 private:
  static int64_t Count(int64_t rows, int64_t size) { return std::max<int64_t>(1, (rows + size - 1) / size); }
};

// The products of one part.
struct Products {
  PreparedGemm logits, dx, dy;

  // `beta`: of the sum over the parts that the gradient of the weight is.
  Products(const MulSizes& s, double beta)
      : logits(s.dtype, OutShape(s)), dx(s.dtype, XGradShape(s)), dy(s.dtype, YGradShape(s), 1, beta) {}

  size_t scratch_bytes() const { return std::max({logits.scratch_bytes(), dx.scratch_bytes(), dy.scratch_bytes()}); }
};

struct State {
  MulSizes sizes;
  RowParts parts;
  std::vector<Products> products;  // of the first part, the last, and all between

  State(const Attrs& attrs, const OpMetas& metas)
      : sizes(MulSizesOf({.x_num_col_dims = attrs.x_num_col_dims}, metas)), parts(sizes.m, sizes.n) {
    MulSizes of_part = sizes;
    for (const int64_t part : {int64_t{0}, parts.count - 1, int64_t{1}}) {
      if (static_cast<int64_t>(products.size()) == parts.count) break;
      of_part.m = parts.Size(part);
      products.emplace_back(of_part, part == 0 ? 0 : 1);
    }
  }

  const Products& Of(int64_t part) const { return products[part == 0 ? 0 : part + 1 == parts.count ? 1 : 2]; }

  size_t product_bytes() const {
    size_t bytes = 0;
    for (const Products& some : products) bytes = std::max(bytes, some.scratch_bytes());
    return bytes;
  }

  // Room for the logits of a part, and for its products.
  template <class T>
  std::pair<T*, std::byte*> Rooms(ScratchParts* room) const {
    T* logits = room->Take<T>(parts.Size(0) * sizes.n);
    return {logits, room->Take<std::byte>(product_bytes())};
  }
  size_t scratch_bytes() const {
    return VisitFloat(sizes.dtype, [&]<class T>() {
      ScratchParts room;
      Rooms<T>(&room);
      return room.used();
    });
  }
};

State Prepare(const CpuContext&, const Attrs& attrs, const OpMetas& metas) { return State(attrs, metas); }

// A row's logits, without the bias at first, become their gradient; returns the loss. `scale`: the gradient of the
// loss. `k`: the class, -1 for none.
template <class T>
T RowLoss(int64_t k, const T* bias, T scale, T* x, int64_t classes) {
  if (bias) math::AddTo(bias, x, classes);
  const T loss = HardLoss(k, x, x, classes, 1);
  HardLossGrad(k, scale, x, x, classes, 1);
  return loss;
}

// Adds the rows up, to what is there.
template <class T>
void AddColumns(const T* x, int64_t rows, int64_t columns, T* sums) {
  const int64_t grain = std::max<int64_t>(64, math::kCheapGrain / std::max<int64_t>(rows, 1));
  ParallelFor(columns, grain, [=](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < rows; ++row) math::AddTo(x + row * columns + begin, sums + begin, end - begin);
  });
}

template <class T, class L>
void RunTyped(const Attrs& attrs, const State& state, Scratch scratch, const Tensor& x, const Tensor& y,
              const Tensor* bias, const L* label, T scale, T* loss, Tensor* dx, Tensor* dy, Tensor* d_bias) {
  ScratchParts room(scratch.data);
  const auto [logits, product_room] = state.Rooms<T>(&room);
  const int64_t classes = state.sizes.n, width = state.sizes.k;
  const T* b = bias ? bias->data<T>() : nullptr;
  if (d_bias) std::fill_n(d_bias->mutable_data<T>(), classes, T(0));
  for (int64_t part = 0; part < state.parts.count; ++part) {
    const Products& products = state.Of(part);
    const int64_t first = part * state.parts.size, rows = state.parts.Size(part);
    const T* from = x.data<T>() + first * width;
    products.logits.Run(from, y, logits, product_room);
    ParallelFor(rows, std::max<int64_t>(1, kElementsPerTask / classes),
                [&, logits = logits](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    const int64_t row = first + i, k = ClassOf(label[row], classes, attrs.ignore_index, row);
                    loss[row] = RowLoss(k, b, scale, logits + i * classes, classes);
                  }
                });
    if (dx) products.dx.Run(logits, y.data<T>(), dx->mutable_data<T>() + first * width, product_room);
    if (dy) products.dy.Run(from, logits, dy->mutable_data<T>(), product_room);
    if (d_bias) AddColumns(logits, rows, classes, d_bias->mutable_data<T>());
  }
}

void Run(const CpuContext&, const Attrs& attrs, State& state, Scratch scratch, const Tensor& x, const Tensor& y,
         const Tensor* bias, const Tensor& label, const Tensor& d_out, Tensor& loss, Tensor& out, Tensor* dx,
         Tensor* dy, Tensor* d_bias) {
  VisitFloat(x.dtype(), [&]<class T>() {
    const T count = static_cast<T>(loss.numel());
    T* losses = loss.mutable_data<T>();
    VisitIndex(label.dtype(), [&]<class L>() {
      RunTyped<T>(attrs, state, scratch, x, y, bias, label.data<L>(), *d_out.data<T>() / count, losses, dx, dy, d_bias);
    });
    T sum = 0;
    math::SumAxes(losses, Dims{loss.numel()}, Dims{1}, &sum);
    *out.mutable_data<T>() = sum / count;
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "fused_linear_cross_entropy",
    .doc =
        "The mean cross entropy of the softmax of X Y + Bias, and its gradients, without all logits in memory: Loss = "
        "log(sum(exp(X Y + Bias))) - (X Y + Bias)[Label]. Takes the place of mul, elementwise_add, "
        "softmax_with_cross_entropy, mean and their gradients when a plan is made.",
    .inputs = {{"X", "Left factor; its first x_num_col_dims dimensions become the rows."},
               {"Y", "Weight [width, classes]."},
               {"Bias", "Bias [classes].", kOptional},
               {"Label", "Classes, int64 or int32, one a row: X.shape[:x_num_col_dims] + [1].", kNoGradient},
               {"DOut", "Gradient of Out, one element."}},
    .outputs = {{"Loss", "Loss of each row, of Label's shape, grouped as X."},
                {"Out", "The mean of the losses, of shape [1]."},
                {"DX", "Gradient of X.", kOptional},
                {"DY", "Gradient of Y.", kOptional},
                {"DBias", "Gradient of Bias.", kOptional}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("fused_linear_cross_entropy", Prepare, Run);

}  // namespace
}  // namespace paddle
