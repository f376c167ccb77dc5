// sequence_conv: a convolution over the rows of each sequence.
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/context_columns.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct SequenceConvAttrs {
  bool padding_trainable = false;
  int32_t context_length = 0, context_start = 0, context_stride = 1;

  ContextWindow window() const { return {context_start, context_length}; }

  static auto Fields() {
    using A = SequenceConvAttrs;
    return std::tuple{
        Field{"paddingTrainable", &A::padding_trainable,
              "Whether rows outside of a sequence are PaddingData instead of zero."},
        Field{"contextLength", &A::context_length, "Rows that go into one.", Presence::kRequired},
        Field{"contextStart", &A::context_start, "The first of these rows, relative to the row of Out."},
        Field{"contextStride", &A::context_stride, "Rows from one row of Out to the next; only 1 is possible."}};
  }
};

// The dims of Out.
Dims CheckInputs(const SequenceConvAttrs& attrs, const InferContext& context) {
  const ContextWindow window = attrs.window();
  const Dims out = CheckContextConv(context, window, attrs.context_stride);
  if (!attrs.padding_trainable) return out;
  Require(context.Has("PaddingData"), "paddingTrainable is true, but there is no input PaddingData");
  context.CheckSameDType("X", "PaddingData");
  CheckDims(context, "PaddingData", {window.up() + window.down(), context.In("X").dims[1]});
  return out;
}

void Infer(const SequenceConvAttrs& attrs, InferContext& context) {
  context.SetOut("Out", CheckInputs(attrs, context), context.In("X").dtype);
  context.ShareLod("X", "Out");
}

void InferGrad(const SequenceConvAttrs& attrs, InferContext& context) {
  CheckDims(context, "Out@GRAD", CheckInputs(attrs, context));
  context.CheckSameDType("X", "Out@GRAD");
  context.CopyMeta("X", "X@GRAD");
  context.SetOut("Filter@GRAD", context.In("Filter").dims, context.In("Filter").dtype);
  if (!context.HasOut("PaddingData@GRAD")) return;
  Require(attrs.padding_trainable, "PaddingData has no gradient where paddingTrainable is false");
  context.SetOut("PaddingData@GRAD", context.In("PaddingData").dims, context.In("PaddingData").dtype);
}

// Fluid's sequence_conv_grad has PaddingData where it is trained only.
void Grad(const SequenceConvAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("sequence_conv_grad", attrs);
  op.SetInput("Filter", context.In("Filter"));
  op.SetInput("Out@GRAD", context.OutGrad("Out"));
  if (attrs.padding_trainable) op.SetInput("PaddingData", context.In("PaddingData"));
  op.SetInput("X", context.In("X"));
  op.SetOutput("Filter@GRAD", context.InGrad("Filter"));
  if (attrs.padding_trainable) op.SetOutput("PaddingData@GRAD", context.InGrad("PaddingData"));
  op.SetOutput("X@GRAD", context.InGrad("X"));
}

// Temporary memory: the columns, then what a product needs.
size_t ColumnBytes(const OpMetas& metas) {
  constexpr size_t kAlignment = 64;
  const size_t bytes = BytesOf(metas.In("X").dtype, {metas.In("X").dims[0], metas.In("Filter").dims[0]});
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct ConvState {
  PreparedGemm product;
  size_t column_bytes = 0;
  size_t scratch_bytes() const { return column_bytes + product.scratch_bytes(); }
};

ConvState Prepare(const CpuContext&, const SequenceConvAttrs&, const OpMetas& metas) {
  return {ContextProduct(metas), ColumnBytes(metas)};
}

void Run(const CpuContext&, const SequenceConvAttrs& attrs, ConvState& state, Scratch scratch, const Tensor& x,
         const Tensor* padding, const Tensor& filter, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    T* columns = reinterpret_cast<T*>(scratch.data);
    const T* rows_outside = attrs.padding_trainable ? padding->data<T>() : nullptr;
    GatherContext(attrs.window(), x.lod(), x.dim(1), x.data<T>(), rows_outside, columns);
    state.product.Run(columns, filter, out.mutable_data<T>(), scratch.data + state.column_bytes);
  });
}

struct ConvGradState {
  PreparedGemm filter, columns;
  size_t column_bytes = 0;
  size_t scratch_bytes() const { return column_bytes + std::max(filter.scratch_bytes(), columns.scratch_bytes()); }
};

ConvGradState PrepareGrad(const CpuContext&, const SequenceConvAttrs&, const OpMetas& metas) {
  const Dims &x = metas.In("X").dims, &filter = metas.In("Filter").dims;
  const DType dtype = metas.In("X").dtype;
  ConvGradState state;
  state.column_bytes = ColumnBytes(metas);
  if (metas.HasOut("Filter@GRAD"))
    state.filter = PreparedGemm(dtype, {.m = filter[0], .n = filter[1], .k = x[0], .trans_a = true});
  if (metas.HasOut("X@GRAD") || metas.HasOut("PaddingData@GRAD"))
    state.columns = PreparedGemm(dtype, {.m = x[0], .n = filter[0], .k = filter[1], .trans_b = true});
  return state;
}

void RunGrad(const CpuContext&, const SequenceConvAttrs& attrs, ConvGradState& state, Scratch scratch,
             const Tensor& filter, const Tensor& d_out, const Tensor* padding, const Tensor& x, Tensor* d_filter,
             Tensor* d_padding, Tensor* dx) {
  const ContextWindow window = attrs.window();
  const int64_t width = x.dim(1);
  VisitFloat(x.dtype(), [&]<class T>() {
    T* columns = reinterpret_cast<T*>(scratch.data);
    std::byte* rest = scratch.data + state.column_bytes;
    if (d_filter) {
      const T* rows_outside = attrs.padding_trainable ? padding->data<T>() : nullptr;
      GatherContext(window, x.lod(), width, x.data<T>(), rows_outside, columns);
      state.filter.Run(columns, d_out.data<T>(), d_filter->mutable_data<T>(), rest);
    }
    if (!dx && !d_padding) return;
    state.columns.Run(d_out.data<T>(), filter.data<T>(), columns, rest);  // their gradient, in the same place
    if (dx) SumContext(window, x.lod(), width, columns, dx->mutable_data<T>());
    if (d_padding) SumContextPadding(window, x.lod(), width, columns, d_padding->mutable_data<T>());
  });
}

const Registered kOp = RegisterOp<SequenceConvAttrs>({
    .name = "sequence_conv",
    .doc = "Convolution over the rows of each sequence: a row of Out is the rows around it, side by side, times "
           "Filter.",
    .inputs = {{"X", "LoDTensor [rows, width]; the last LoD level says which rows form a sequence."},
               {"PaddingData",
                "[rows in front + rows behind, width]: what stands before the first row of each sequence, then what "
                "stands behind the last, as far as windows reach; read where paddingTrainable is true.",
                kOptional},
               {"Filter", "[contextLength * width, features]."}},
    .outputs = {{"Out", "[rows, features], grouped as X."}},
    .infer = Infer,
    .grad = Grad,
});
const Registered kCpu = RegisterKernel("sequence_conv", Prepare, Run);

const Registered kGradOp = RegisterOp<SequenceConvAttrs>({
    .name = "sequence_conv_grad",
    .doc = "Gradient of sequence_conv: Filter@GRAD = C' Out@GRAD, C@GRAD = Out@GRAD Filter', where C has the rows "
           "around each row side by side; X@GRAD and PaddingData@GRAD are sums of C@GRAD.",
    .inputs = {{"Filter", "Of the forward op."},
               {"Out@GRAD", "Gradient of Out."},
               {"PaddingData", "Of the forward op, where paddingTrainable is true.", kOptional},
               {"X", "Of the forward op."}},
    .outputs = {{"Filter@GRAD", "Gradient of Filter.", kOptional},
                {"PaddingData@GRAD", "Gradient of PaddingData.", kOptional},
                {"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("sequence_conv_grad", PrepareGrad, RunGrad);

}  // namespace
}  // namespace paddle
