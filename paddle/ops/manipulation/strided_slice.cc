#include "paddle/ops/manipulation/slice.h"

namespace paddle {
namespace {

struct StridedSliceAttrs {
  std::vector<int32_t> axes, starts, ends, strides, infer_flags, decrease_axis;

  static auto Fields() {
    using A = StridedSliceAttrs;
    return std::tuple{
        Field{"axes", &A::axes, "The axes that are cut; negative ones count from the last.", Presence::kRequired},
        Field{"starts", &A::starts, "For each of them the first element; negative ones count from the end."},
        Field{"ends", &A::ends, "For each of them the element at which to stop; clipped to the size."},
        Field{"strides", &A::strides, "For each of them the step, which may be negative, not 0."},
        Field{"infer_flags", &A::infer_flags, "For each of them -1 where a value is known only at run time."},
        Field{"decrease_axis", &A::decrease_axis, "Axes of which one element is taken, to be left out of Out."}};
  }
};

Selection InferSelection(const StridedSliceAttrs& attrs, const InferContext& context) {
  const int count = static_cast<int>(attrs.axes.size());
  auto starts = InferIntegers(context, "StartsTensor", "StartsTensorList", attrs.starts, count);
  auto ends = InferIntegers(context, "EndsTensor", "EndsTensorList", attrs.ends, count);
  auto strides = InferIntegers(context, "StridesTensor", "StridesTensorList", attrs.strides, count);
  if (context.building()) {
    ApplyFlags(attrs.infer_flags, attrs.starts, &starts);
    ApplyFlags(attrs.infer_flags, attrs.ends, &ends);
    ApplyFlags(attrs.infer_flags, attrs.strides, &strides);
  }
  Require(strides.size() == attrs.axes.size(), "strides has ", strides.size(), " values, but axes ", count,
          "; expected one an axis");
  context.CheckRank("Input", 1, kMaxRank);
  return Select(context.In("Input").dims, attrs.axes, starts, ends, strides);
}

void Infer(const StridedSliceAttrs& attrs, InferContext& context) {
  const Dims dims = Decreased(InferSelection(attrs, context).sizes, attrs.decrease_axis);
  const TensorMeta x = context.In("Input");
  context.SetOut("Out", dims, x.dtype);
  if (!CutsRows(attrs.axes, x.rank())) context.ShareLod("Input", "Out");
}

void InferGrad(const StridedSliceAttrs& attrs, InferContext& context) {
  const Dims dims = Decreased(InferSelection(attrs, context).sizes, attrs.decrease_axis);
  Require(DimsAgree(dims, context.In("Out@GRAD").dims), "Out@GRAD has shape ", context.In("Out@GRAD").dims,
          ", but Out has ", dims);
  context.CheckSameDType("Input", "Out@GRAD");
  context.CopyMeta("Input", "Input@GRAD");
}

void Run(const CpuContext&, const StridedSliceAttrs& attrs, const Tensor& x, const Tensor* starts, const Tensor* ends,
         const Tensor* strides, Span<const Tensor> starts_list, Span<const Tensor> ends_list,
         Span<const Tensor> strides_list, Tensor& out) {
  CopySelected(
      Select(x.dims(), attrs.axes, KernelIntegers(starts, starts_list, attrs.starts),
             KernelIntegers(ends, ends_list, attrs.ends), KernelIntegers(strides, strides_list, attrs.strides)),
      x, out);
}

void RunGrad(const CpuContext&, const StridedSliceAttrs& attrs, const Tensor* ends, Span<const Tensor> ends_list,
             const Tensor& x, const Tensor& dout, const Tensor* starts, Span<const Tensor> starts_list,
             const Tensor* strides, Span<const Tensor> strides_list, Tensor& dx) {
  SpreadSelected(
      Select(x.dims(), attrs.axes, KernelIntegers(starts, starts_list, attrs.starts),
             KernelIntegers(ends, ends_list, attrs.ends), KernelIntegers(strides, strides_list, attrs.strides)),
      dout, dx);
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<StridedSliceAttrs>(
        {.name = "strided_slice",
         .doc = "Out = a part of Input: along the axes named each stride-th element from start to end, as Python's "
                "x[start:end:stride].",
         .inputs = {kSliceInput, ListSlot("StartsTensor"), ListSlot("EndsTensor"), ListSlot("StridesTensor"),
                    EachSlot("StartsTensorList"), EachSlot("EndsTensorList"), EachSlot("StridesTensorList")},
         .outputs = {{"Out", "The part; it has Input's LoD unless axis 0 is cut."}},
         .infer = Infer}),
    RegisterKernel("strided_slice", Run),
    RegisterOp<StridedSliceAttrs>({.name = "strided_slice_grad",
                                   .doc = "Input@GRAD = Out@GRAD where Out was taken from, 0 elsewhere.",
                                   .inputs = {ListSlot("EndsTensor"),
                                              EachSlot("EndsTensorList"),
                                              {"Input", "Input of the op.", kMetaOnly},
                                              {"Out@GRAD", "Gradient of Out."},
                                              ListSlot("StartsTensor"),
                                              EachSlot("StartsTensorList"),
                                              ListSlot("StridesTensor"),
                                              EachSlot("StridesTensorList")},
                                   .outputs = {{"Input@GRAD", "Gradient of Input."}},
                                   .infer = InferGrad}),
    RegisterKernel("strided_slice_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
