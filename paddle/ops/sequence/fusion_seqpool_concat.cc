// fusion_seqpool_concat: sequence_pool of several tensors, the rows side by side.
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/pool.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct PoolConcatAttrs {
  std::string pooltype = "SUM";
  int32_t axis = 1;

  static auto Fields() {
    using A = PoolConcatAttrs;
    return std::tuple{
        Field{"pooltype", &A::pooltype,
              "SUM of the rows; AVERAGE: their mean; SQRT: sum divided by the square root of the length."},
        Field{"axis", &A::axis, "Where the rows are joined; only 1 is possible."}};
  }
};

Pool ToSum(std::string_view name) {
  if (name == "SUM") return Pool::kSum;
  if (name == "AVERAGE") return Pool::kAverage;
  if (name == "SQRT") return Pool::kSqrt;
  throw InvalidArgument(StrCat("pooltype is '", name, "'; expected SUM, AVERAGE or SQRT"));
}

void Infer(const PoolConcatAttrs& attrs, InferContext& context) {
  ToSum(attrs.pooltype);
  Require(attrs.axis == 1, "axis is ", attrs.axis, "; only 1 is possible");
  const int count = context.Count("X");
  Require(count >= 1, "fusion_seqpool_concat needs one input X at least");
  context.CheckDType("X", kFloats);
  const DType dtype = context.In("X").dtype;
  int64_t width = 0, sequences = -1;
  for (int i = 0; i < count; ++i) {
    const TensorMeta& x = context.In("X", i);
    Require(x.dtype == dtype, "input X[", i, "] is ", x.dtype, ", but X[0] is ", dtype);
    Require(x.rank() == 2, "input X[", i, "] has shape ", x.dims, "; expected [rows, width]");
    width = width < 0 || x.dims[1] < 0 ? -1 : width + x.dims[1];
    if (context.building()) continue;
    const int64_t found = RequireLod(context, "X", i).last_sequences();
    if (i == 0) sequences = found;
    Require(found == sequences, "input X[", i, "] has ", found, " sequences, but X[0] has ", sequences);
  }
  context.SetOut("Out", {sequences, width}, dtype);
  if (context.building())
    context.SetLodLevel("Out", 1);
  else
    context.SetLod("Out", Lod::FromLengths({std::vector<int64_t>(sequences, 1)}));
}

void Run(const CpuContext&, const PoolConcatAttrs& attrs, Span<const Tensor> x, Tensor& out) {
  const Pool pool = ToSum(attrs.pooltype);
  const int64_t stride = out.dim(1);
  VisitFloat(out.dtype(), [&]<class T>() {
    T* column = out.mutable_data<T>();
    for (const Tensor* part : x) {
      const int64_t width = part->dim(1);
      ForSequences(part->lod(), width, [=](int64_t s, int64_t begin, int64_t end) {
        T* to = column + s * stride;
        if (begin == end)
          std::fill_n(to, width, T{0});
        else
          PoolSum(part->data<T>(), begin, end, width, static_cast<T>(SumFactor(pool, end - begin)), to);
      });
      column += width;
    }
  });
}

const Registered kOp = RegisterOp<PoolConcatAttrs>({
    .name = "fusion_seqpool_concat",
    .doc = "sequence_pool of each input and concat along axis 1 in one.",
    .inputs = {{"X",
                "LoDTensors [rows, width] with as many sequences each; the last LoD level says which rows form one.",
                kRepeated}},
    .outputs = {{"Out", "[sequences, sum of the widths]; each row is a sequence. Empty sequences make zeros."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("fusion_seqpool_concat", Run);

}  // namespace
}  // namespace paddle
