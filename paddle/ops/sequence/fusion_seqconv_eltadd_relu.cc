// fusion_seqconv_eltadd_relu: sequence_conv, a bias and relu in one.
#include "paddle/math/activation.h"
#include "paddle/math/map.h"
#include "paddle/op/check_dims.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/context_columns.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct FusionSeqConvAttrs {
  int32_t context_length = 0, context_start = 0, context_stride = 1;

  ContextWindow window() const { return {context_start, context_length}; }

  static auto Fields() {
    using A = FusionSeqConvAttrs;
    return std::tuple{
        Field{"contextLength", &A::context_length, "Rows that go into one.", Presence::kRequired},
        Field{"contextStart", &A::context_start, "The first of these rows, relative to the row of Out."},
        Field{"contextStride", &A::context_stride, "Rows from one row of Out to the next; only 1 is possible."}};
  }
};

void Infer(const FusionSeqConvAttrs& attrs, InferContext& context) {
  const Dims out = CheckContextConv(context, attrs.window(), attrs.context_stride);
  context.CheckSameDType("X", "Bias");
  const Dims& bias = context.In("Bias").dims;
  Require(DimsAgree(bias, {out[1]}) || DimsAgree(bias, {1, out[1]}), "Bias has shape ", bias, "; expected [1, ", out[1],
          "], the features of Filter");
  const DType dtype = context.In("X").dtype;
  context.SetOut("ColMat", {out[0], context.In("Filter").dims[0]}, dtype);
  context.SetOut("Out", out, dtype);
  context.ShareLod("X", "Out");
}

PreparedGemm Prepare(const CpuContext&, const FusionSeqConvAttrs&, const OpMetas& metas) {
  return ContextProduct(metas);
}

void Run(const CpuContext&, const FusionSeqConvAttrs& attrs, PreparedGemm& product, Scratch scratch, const Tensor& x,
         const Tensor& filter, const Tensor& bias, Tensor& out, Tensor& col_mat) {
  VisitFloat(x.dtype(), [&]<class T>() {
    T* columns = col_mat.mutable_data<T>();
    GatherContext<T>(attrs.window(), x.lod(), x.dim(1), x.data<T>(), nullptr, columns);
    T* to = out.mutable_data<T>();
    product.Run(columns, filter, to, scratch.data);
    const T* add = bias.data<T>();
    const int64_t width = out.dim(1);
    ForRows(x.lod(), width, [=](int64_t row, int64_t, int64_t, int64_t) {
      T* at = to + row * width;
      math::MapSerial([](T a, T b) { return math::Relu{}(a + b); }, at, add, at, width);
    });
  });
}

const Registered kOp = RegisterOp<FusionSeqConvAttrs>({
    .name = "fusion_seqconv_eltadd_relu",
    .doc = "sequence_conv, elementwise_add and relu in one: Out = relu(ColMat Filter + Bias).",
    .inputs = {{"X", "LoDTensor [rows, width]; the last LoD level says which rows form a sequence."},
               {"Filter", "[contextLength * width, features]."},
               {"Bias", "[1, features] or [features]."}},
    .outputs = {{"Out", "[rows, features], grouped as X."},
                {"ColMat",
                 "[rows, contextLength * width]: for each row the rows around it, side by side; zero outside of its "
                 "sequence.",
                 kIntermediate}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("fusion_seqconv_eltadd_relu", Prepare, Run);

}  // namespace
}  // namespace paddle
