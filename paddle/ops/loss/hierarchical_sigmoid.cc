// hierarchical_sigmoid: a loss over many classes along a path of a binary tree (Morin and Bengio, 2005).
#include <bit>

#include "paddle/math/functions.h"
#include "paddle/op/registry.h"
#include "paddle/ops/loss/class_rows.h"

namespace paddle {
namespace {

struct HierarchicalSigmoidAttrs : RemoteRows {
  int32_t num_classes = 2;

  static auto Fields() {
    using A = HierarchicalSigmoidAttrs;
    return std::tuple_cat(
        std::tuple{Field{"num_classes", &A::num_classes, "Number of classes of the default tree."},
                   Field{"is_sparse", &A::is_sparse,
                         "Whether the gradient of W is SelectedRows: only the rows of nodes on paths."}},
        RemoteFields<A>());
  }
};

// Class c is leaf c + classes of a complete binary tree whose inner nodes are 1 to classes - 1, the children of n being
// 2 n and 2 n + 1. Its path is listed from the leaf's parent up; row n - 1 of W belongs to node n.
int64_t TreeDepth(int64_t classes) { return std::bit_width(static_cast<uint64_t>(2 * classes - 1)) - 1; }

// [samples, length of the longest path]; checks the inputs.
Dims CheckInputs(const HierarchicalSigmoidAttrs& attrs, const InferContext& context) {
  attrs.CheckLocal();
  context.CheckDType("X", kFloats);
  context.CheckSameDType("X", "W");
  context.CheckRank("X", 2, 2);
  context.CheckRank("W", 2, 2);
  context.CheckDType("Label", kIndices);
  const Dims &x = context.In("X").dims, &w = context.In("W").dims, &label = context.In("Label").dims;
  Require(SizesAgree(x[1], w[1]), "W has shape ", w, " and X ", x, "; expected rows of the same size");
  Require(DimsAgree(label, {x[0]}) || DimsAgree(label, {x[0], 1}), "Label has shape ", label, "; expected [", x[0],
          ", 1]");
  CheckBias(context, "X", w[0]);
  Require(context.Has("PathTable") == context.Has("PathCode"),
          "one of PathTable and PathCode is missing; expected both, or none for the default tree");
  if (context.Has("PathTable")) {
    context.CheckDType("PathTable", kIndices);
    context.CheckDType("PathCode", kIndices);
    context.CheckSameDims("PathTable", "PathCode");
    context.CheckRank("PathTable", 2, 2);
    const Dims& table = context.In("PathTable").dims;
    Require(SizesAgree(table[0], x[0]), "PathTable has shape ", table, "; expected a row for each of the ", x[0],
            " samples");
    return {x[0], table[1]};
  }
  Require(attrs.num_classes >= 2, "num_classes is ", attrs.num_classes, "; expected 2 or more");
  Require(w[0] < 0 || w[0] >= attrs.num_classes - 1, "W has shape ", w, "; expected at least the ",
          attrs.num_classes - 1, " rows of a tree of ", attrs.num_classes, " classes");
  return {x[0], TreeDepth(attrs.num_classes)};
}

void Infer(const HierarchicalSigmoidAttrs& attrs, InferContext& context) {
  const Dims paths = CheckInputs(attrs, context);
  const DType dtype = context.In("X").dtype;
  context.SetOut("Out", {paths[0], 1}, dtype);
  context.SetOut("PreOut", paths, dtype);
  context.CopyMeta("W", "W_Out");
}

void InferGrad(const HierarchicalSigmoidAttrs& attrs, InferContext& context) {
  const Dims paths = CheckInputs(attrs, context);
  for (const std::string_view slot : {"PreOut", "Out@GRAD"}) {
    context.CheckSameDType("X", slot);
    const Dims expected = slot == "PreOut" ? paths : Dims{paths[0], 1};
    Require(DimsAgree(context.In(slot).dims, expected), slot, " has shape ", context.In(slot).dims, "; expected ",
            expected);
  }
  context.CopyMeta("X", "X@GRAD");
  SetTableGrad(context, "W", "W@GRAD", attrs.is_sparse);
  if (context.Has("Bias")) context.CopyMeta("Bias", "Bias@GRAD");
}

// The paths of all samples, padded to `depth`: rows of W, -1 behind a path's end, and the branches taken.
struct Paths {
  int64_t depth;
  std::vector<int64_t> rows;
  std::vector<uint8_t> branches;
};

Paths CustomPaths(const Tensor& table, const Tensor& code, int64_t nodes) {
  Paths paths{table.dim(1), ToInt64s(table), std::vector<uint8_t>(table.numel())};
  const auto branches = ToInt64s(code);
  for (int64_t begin = 0; begin < table.numel(); begin += paths.depth)
    for (int64_t k = begin, ended = 0; k < begin + paths.depth; ++k) {
      ended |= paths.rows[k] < 0;
      if (ended) {
        paths.rows[k] = -1;
        continue;
      }
      Require(paths.rows[k] < nodes, "PathTable[", k, "] is ", paths.rows[k], "; expected a row of W, below ", nodes,
              ", or -1 behind a path's end");
      Require(branches[k] == 0 || branches[k] == 1, "PathCode[", k, "] is ", branches[k], "; expected 0 or 1");
      paths.branches[k] = static_cast<uint8_t>(branches[k]);
    }
  return paths;
}

Paths DefaultPaths(const Tensor& label, int64_t classes) {
  const auto labels = ToInt64s(label);
  Paths paths{TreeDepth(classes), {}, {}};
  paths.rows.assign(labels.size() * paths.depth, -1);
  paths.branches.resize(paths.rows.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    Require(labels[i] >= 0 && labels[i] < classes, "Label[", i, "] is ", labels[i], "; expected 0 <= label < ",
            classes);
    size_t k = i * paths.depth;
    for (int64_t node = labels[i] + classes; node > 1; node >>= 1, ++k) {
      paths.rows[k] = (node >> 1) - 1;
      paths.branches[k] = node & 1;
    }
  }
  return paths;
}

Paths PathsOf(const HierarchicalSigmoidAttrs& attrs, const Tensor& w, const Tensor& label, const Tensor* table,
              const Tensor* code) {
  return table ? CustomPaths(*table, *code, w.dim(0)) : DefaultPaths(label, attrs.num_classes);
}

void Run(const CpuContext&, const HierarchicalSigmoidAttrs& attrs, const Tensor& x, const Tensor& w,
         const Tensor& label, const Tensor* table, const Tensor* code, const Tensor* bias, Tensor& out, Tensor* pre_out,
         Tensor*) {
  const Paths paths = PathsOf(attrs, w, label, table, code);
  const int64_t width = w.dim(1);
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), *rows = w.data<T>(), *b = bias ? bias->data<T>() : nullptr;
    T *to = out.mutable_data<T>(), *pre = pre_out ? pre_out->mutable_data<T>() : nullptr;
    const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(width * paths.depth, 1));
    ParallelFor(x.dim(0), grain, [&](int64_t begin, int64_t end) {
      for (int64_t s = begin; s < end; ++s) {
        to[s] = 0;
        for (int64_t k = s * paths.depth; k < (s + 1) * paths.depth; ++k) {
          const int64_t row = paths.rows[k];
          const T logit = row < 0 ? T(0) : RowLogit(from + s * width, rows, b, row, width);
          const T cost = math::Softplus(logit);
          if (pre) pre[k] = cost;
          to[s] += cost - (paths.branches[k] ? logit : T(0));
        }
      }
    });
  });
}

template <class TableGrad>
void RunGrad(const CpuContext& cpu, const HierarchicalSigmoidAttrs& attrs, const Tensor* bias, const Tensor& label,
             const Tensor& d_out, const Tensor* code, const Tensor* table, const Tensor& pre_out, const Tensor& w,
             const Tensor& x, Tensor* d_bias, TableGrad* d_w, Tensor* d_x) {
  const Paths paths = PathsOf(attrs, w, label, table, code);
  const int64_t depth = paths.depth;
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *pre = pre_out.data<T>(), *d = d_out.data<T>();
    std::vector<T> terms(paths.rows.size());
    for (size_t k = 0; k < terms.size(); ++k)
      if (paths.rows[k] >= 0) terms[k] = d[k / depth] * (-std::expm1(-pre[k]) - T(paths.branches[k]));
    if (d_x) SumInputGrad<T>(paths.rows, terms.data(), w.data<T>(), w.dim(1), depth, d_x);
    if (!d_w && !(d_bias && bias)) return;
    const RowTerms by_row(paths.rows);
    if (d_w) SumTableGrad<T>(cpu, by_row, terms.data(), x.data<T>(), depth, *d_w);
    if (d_bias && bias) by_row.SumBias<T>(terms.data(), d_bias);
  });
}

const Registered kOp = RegisterOp<HierarchicalSigmoidAttrs>({
    .name = "hierarchical_sigmoid",
    .doc =
        "A loss over many classes in logarithmic time (Morin and Bengio, 2005): classes are leaves of a binary tree "
        "whose inner nodes choose a branch by logistic regression; Out = sum over the class's path of softplus(logit) "
        "- branch * logit. As in Fluid, each place behind the end of a path that is shorter than the longest adds "
        "log(2).",
    .inputs = {{"X", "Features [samples, width]."},
               {"W", "A row for each inner node, [nodes, width]; num_classes - 1 nodes for the default tree."},
               {"Label", "Classes, int64 or int32 [samples, 1].", kNoGradient},
               {"PathTable",
                "A tree of one's own: the rows of W on each sample's path, int64 or int32 [samples, longest "
                "path], -1 behind its end.",
                kOptional | kNoGradient},
               {"PathCode", "The branches taken on these paths, 0 or 1, of PathTable's shape.",
                kOptional | kNoGradient},
               {"Bias", "One number a node.", kOptional}},
    .outputs = {{"Out", "[samples, 1]."},
                {"PreOut", "softplus(logit) for the nodes of each path, [samples, longest path].", kIntermediate},
                {"W_Out", "W itself, as it is.", kIntermediate | kOptional | kMetaOnly}},
    .infer = Infer,
    .must_share = {{"W_Out", "W"}},
});
const Registered kCpu = RegisterKernel("hierarchical_sigmoid", Run);

const Registered kGradOp = RegisterOp<HierarchicalSigmoidAttrs>({
    .name = "hierarchical_sigmoid_grad",
    .doc = "Gradient of hierarchical_sigmoid: a logit gets sigmoid(logit) - branch.",
    .inputs = {{"Bias", "Of the forward op.", kOptional | kMetaOnly},
               {"Label", "Of the forward op.", kNoGradient},
               {"Out@GRAD", "Gradient of Out."},
               {"PathCode", "Of the forward op.", kOptional | kNoGradient},
               {"PathTable", "Of the forward op.", kOptional | kNoGradient},
               {"PreOut", "Of the forward op."},
               {"W", "Of the forward op."},
               {"X", "Of the forward op."}},
    .outputs = {{"Bias@GRAD", "Gradient of Bias.", kOptional},
                {"W@GRAD", "Gradient of W, dense or SelectedRows.", kOptional},
                {"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("hierarchical_sigmoid_grad", RunGrad<Tensor>);
const Registered kSparseGradCpu = RegisterKernel("hierarchical_sigmoid_grad", RunGrad<SelectedRows>);

}  // namespace
}  // namespace paddle
