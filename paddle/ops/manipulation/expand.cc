// Repetition along axes: expand by numbers, expand_as up to the shape of another tensor.
#include "paddle/math/strided.h"
#include "paddle/ops/manipulation/integers.h"
#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

struct ExpandAttrs {
  std::vector<int32_t> expand_times;
  static auto Fields() {
    return std::tuple{Field{"expand_times", &ExpandAttrs::expand_times,
                            "How often X is repeated along each axis. The inputs go before it."}};
  }
};

constexpr DTypeSet kTypes{DType::kBool, DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64};

// `same_rows`: whether axis 0 stays as it is.
Dims ExpandedDims(const ExpandAttrs& attrs, const InferContext& context, bool* same_rows = nullptr) {
  context.CheckRank("X", 1, kMaxRank);
  Dims dims = context.In("X").dims;
  auto times = InferIntegers(context, "ExpandTimes", "expand_times_tensor", attrs.expand_times, dims.rank());
  Require(static_cast<int>(times.size()) == dims.rank(), "expand_times has ", times.size(), " values, but X has shape ",
          dims, "; expected one an axis");
  for (int i = 0; i < dims.rank(); ++i) {
    // What is known of a list with tensors in it stands in the attribute; -1 there means a tensor.
    if (times[i] == kUnknownInteger && !context.Has("ExpandTimes") && i < static_cast<int>(attrs.expand_times.size()))
      times[i] = attrs.expand_times[i];
    if (times[i] == kUnknownInteger || (context.building() && times[i] == -1)) {
      dims[i] = -1;
      continue;
    }
    Require(times[i] > 0, "expand_times of axis ", i, " is ", times[i], "; expected 1 or more");
    Require(dims[i] <= 0 || times[i] <= INT64_MAX / dims[i], "axis ", i, " of X, of shape ", context.In("X").dims,
            ", cannot be repeated ", times[i], " times");
    if (dims[i] > 0) dims[i] *= times[i];
  }
  if (same_rows) *same_rows = times[0] == 1;
  return dims;
}

void Infer(const ExpandAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kTypes);
  bool same_rows = false;
  const Dims dims = ExpandedDims(attrs, context, &same_rows);
  InferRows(context, dims, same_rows);
}

void InferGrad(const ExpandAttrs& attrs, InferContext& context) {
  const Dims dims = ExpandedDims(attrs, context);
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          ", but Out has ", dims);
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckDType("X", kNumbers);
  context.CopyMeta("X", "X@GRAD");
}

Dims TargetDims(const InferContext& context) {
  context.CheckRank("X", 1, kMaxRank);
  const Dims &x = context.In("X").dims, &target = context.In("target_tensor").dims;
  Require(x.rank() == target.rank(), "target_tensor has shape ", target, ", but X has ", x,
          "; both must have the same rank");
  for (int i = 0; i < x.rank(); ++i)
    Require(x[i] < 0 || target[i] < 0 || (x[i] == 0 ? target[i] == 0 : target[i] > 0 && target[i] % x[i] == 0),
            "target_tensor has shape ", target, ", but X has ", x, "; each of its sizes must be a multiple of X's");
  return target;
}

void InferAs(const NoAttrs&, InferContext& context) {
  context.CheckDType("X", kTypes);
  InferReshaped(context, TargetDims(context));
}

void InferAsGrad(const NoAttrs&, InferContext& context) {
  Require(DimsAgree(TargetDims(context), context.In("Out@GRAD").dims), "Out@GRAD has shape ",
          context.In("Out@GRAD").dims, ", but Out has ", TargetDims(context));
  context.CheckSameDType("X", "Out@GRAD");
  context.CheckDType("X", kNumbers);
  context.CopyMeta("X", "X@GRAD");
}

void Repeat(const Tensor& x, Tensor& out) {
  const auto from = math::RowMajorStrides(x.dims()), to = math::RowMajorStrides(out.dims());
  math::StridedAxes axes;
  if (x.numel() == 0) return;
  for (int i = 0; i < x.rank(); ++i) {
    axes.Append({out.dim(i) / x.dim(i), 0, to[i] * x.dim(i)});
    axes.Append({x.dim(i), from[i], to[i]});
  }
  math::CopyStrided(axes, SizeOf(x.dtype()), x.raw(), out.mutable_raw());
}

// The sum over all repetitions.
void SumRepeats(const Tensor& dout, Tensor* dx) {
  if (!dx || dx->numel() == 0) return;
  const auto from = math::RowMajorStrides(dout.dims()), to = math::RowMajorStrides(dx->dims());
  math::StridedAxes axes;
  for (int i = 0; i < dout.rank(); ++i) {
    axes.Append({dout.dim(i) / dx->dim(i), from[i] * dx->dim(i), 0});
    axes.Append({dx->dim(i), from[i], to[i]});
  }
  std::memset(dx->mutable_raw(), 0, dx->bytes());
  VisitNumber(dout.dtype(), [&]<class T>() { math::AddStrided(axes, dout.data<T>(), dx->mutable_data<T>()); });
}

void Expand(const CpuContext&, const ExpandAttrs&, const Tensor& x, const Tensor*, Span<const Tensor>, Tensor& out) {
  Repeat(x, out);
}
void ExpandGrad(const CpuContext&, const ExpandAttrs&, const Tensor*, const Tensor& dout, const Tensor&,
                Span<const Tensor>, Tensor* dx) {
  SumRepeats(dout, dx);
}
void ExpandAs(const CpuContext&, const NoAttrs&, const Tensor& x, const Tensor&, Tensor& out) { Repeat(x, out); }
void ExpandAsGrad(const CpuContext&, const NoAttrs&, const Tensor& dout, const Tensor&, const Tensor&, Tensor* dx) {
  SumRepeats(dout, dx);
}

void DoubleGrad(const ExpandAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("expand", attrs);
  op.SetInput("X", context.OutGrad("X@GRAD"));
  for (const char* slot : {"ExpandTimes", "expand_times_tensor"})
    if (!context.In(slot).empty()) op.SetInput(slot, context.In(slot));
  op.SetOutput("Out", context.InGrad("Out@GRAD"));
}

const SlotSpec kX{"X", "Tensor of rank 1 or more."};
const SlotSpec kOut{"Out", "The larger tensor; it has X's LoD where it has as many rows."};
const SlotSpec kDOut{"Out@GRAD", "Gradient of Out."}, kDX{"X@GRAD", "Gradient of X.", kOptional};
const SlotSpec kTimes{"ExpandTimes", "How often along each axis, as one tensor of int32 or int64.",
                      kOptional | kValue | kNoGradient};
const SlotSpec kTimesList{"expand_times_tensor", "One integer an axis; they go before ExpandTimes.",
                          kRepeated | kOptional | kValue | kNoGradient};

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ExpandAttrs>({.name = "expand",
                             .doc = "Out = X repeated along its axes.",
                             .inputs = {kX, kTimes, kTimesList},
                             .outputs = {kOut},
                             .infer = Infer}),
    RegisterKernel("expand", Expand),
    RegisterOp<ExpandAttrs>({.name = "expand_grad",
                             .doc = "X@GRAD = the sum of Out@GRAD over the repetitions.",
                             .inputs = {kTimes, kDOut, {"X", "Input of the op.", kMetaOnly}, kTimesList},
                             .outputs = {kDX},
                             .infer = InferGrad,
                             .grad = DoubleGrad}),
    RegisterKernel("expand_grad", ExpandGrad),
    RegisterOp<NoAttrs>(
        {.name = "expand_as",
         .doc = "Out = X repeated along its axes up to the shape of target_tensor.",
         .inputs = {kX,
                    {"target_tensor", "Tensor of X's rank whose sizes are multiples of X's; only its shape is read.",
                     kMetaOnly | kNoGradient}},
         .outputs = {kOut},
         .infer = InferAs}),
    RegisterKernel("expand_as", ExpandAs),
    RegisterOp<NoAttrs>(
        {.name = "expand_as_grad",
         .doc = "X@GRAD = the sum of Out@GRAD over the repetitions.",
         .inputs = {kDOut, {"X", "Input of the op.", kMetaOnly}, {"target_tensor", "Input of the op.", kMetaOnly}},
         .outputs = {kDX},
         .infer = InferAsGrad}),
    RegisterKernel("expand_as_grad", ExpandAsGrad),
};

}  // namespace
}  // namespace paddle
