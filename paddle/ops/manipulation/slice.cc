#include "paddle/ops/manipulation/slice.h"

namespace paddle {
namespace {

struct SliceAttrs {
  std::vector<int32_t> axes, starts, ends, infer_flags, decrease_axis;

  static auto Fields() {
    using A = SliceAttrs;
    return std::tuple{
        Field{"axes", &A::axes, "The axes that are cut; negative ones count from the last.", Presence::kRequired},
        Field{"starts", &A::starts, "For each of them the first element; negative ones count from the end."},
        Field{"ends", &A::ends, "For each of them the element behind the last; clipped to the size."},
        Field{"infer_flags", &A::infer_flags, "For each of them -1 where start or end are known only at run time."},
        Field{"decrease_axis", &A::decrease_axis, "Axes of which one element is taken, to be left out of Out."}};
  }
};

struct Lists {
  std::vector<int64_t> starts, ends;
};

Lists InferLists(const SliceAttrs& attrs, const InferContext& context) {
  const int count = static_cast<int>(attrs.axes.size());
  Lists lists{InferIntegers(context, "StartsTensor", "StartsTensorList", attrs.starts, count),
              InferIntegers(context, "EndsTensor", "EndsTensorList", attrs.ends, count)};
  if (context.building()) {
    ApplyFlags(attrs.infer_flags, attrs.starts, &lists.starts);
    ApplyFlags(attrs.infer_flags, attrs.ends, &lists.ends);
  }
  return lists;
}

Selection InferSelection(const SliceAttrs& attrs, const InferContext& context, const Dims& x) {
  const Lists lists = InferLists(attrs, context);
  return Select(x, attrs.axes, lists.starts, lists.ends, {});
}

Selection KernelSelection(const SliceAttrs& attrs, const Dims& x, const Tensor* starts, const Tensor* ends,
                          Span<const Tensor> starts_list, Span<const Tensor> ends_list) {
  return Select(x, attrs.axes, KernelIntegers(starts, starts_list, attrs.starts),
                KernelIntegers(ends, ends_list, attrs.ends), {});
}

// Of an array a range of its tensors, or with decrease_axis one of them. How many there are only the kernel knows.
void CheckArray(const SliceAttrs& attrs, const InferContext& context) {
  Require(attrs.axes.size() == 1 && attrs.axes[0] == 0, "axes is ", attrs.axes,
          "; an array of tensors is cut along axis 0 only");
  Require(attrs.decrease_axis.empty() || (attrs.decrease_axis.size() == 1 && attrs.decrease_axis[0] == 0),
          "decrease_axis is ", attrs.decrease_axis, "; for an array of tensors it is [0] or empty");
  const Lists lists = InferLists(attrs, context);
  Require(lists.starts.size() == 1 && lists.ends.size() == 1, "starts ", lists.starts, " and ends ", lists.ends,
          " must hold one number each, as axes does");
}

void InferArray(const SliceAttrs& attrs, InferContext& context) {
  CheckArray(attrs, context);
  TensorMeta* out = context.MutableOut("Out");
  if (!out) return;
  const TensorMeta x = context.In("Input");
  out->kind = attrs.decrease_axis.empty() ? VarKind::kTensorArray : VarKind::kTensor;
  out->dtype = x.dtype;
  out->dims = x.dims;
  out->lod = {};
  out->lod_level = x.lod_level;
  if (context.building() || out->kind == VarKind::kTensorArray) return;
  out->dims = {-1};  // the kernel's business
  out->lod_level = 0;
}

void Infer(const SliceAttrs& attrs, InferContext& context) {
  if (context.In("Input").kind == VarKind::kTensorArray) return InferArray(attrs, context);
  context.CheckRank("Input", 1, kMaxRank);
  const TensorMeta x = context.In("Input");
  const Selection selection = InferSelection(attrs, context, x.dims);
  const Dims dims = Decreased(selection.sizes, attrs.decrease_axis);
  context.SetOut("Out", dims, x.dtype);
  if (!CutsRows(attrs.axes, x.rank())) context.ShareLod("Input", "Out");
}

void Slice(const CpuContext&, const SliceAttrs& attrs, const Tensor& x, const Tensor* starts, const Tensor* ends,
           Span<const Tensor> starts_list, Span<const Tensor> ends_list, Tensor& out) {
  CopySelected(KernelSelection(attrs, x.dims(), starts, ends, starts_list, ends_list), x, out);
}

// The range of an array's tensors that is meant.
struct Range {
  int64_t begin, size;
};
Range ArrayRange(const SliceAttrs& attrs, const TensorArray& array, const Tensor* starts, const Tensor* ends,
                 Span<const Tensor> starts_list, Span<const Tensor> ends_list) {
  const auto count = static_cast<int64_t>(array.items.size());
  const Selection selection = KernelSelection(attrs, {count}, starts, ends, starts_list, ends_list);
  if (!attrs.decrease_axis.empty())
    Require(selection.sizes[0] == 1, selection.sizes[0], " tensors of an array of ", count,
            " are taken; expected one, as decrease_axis is given");
  return {selection.start[0], selection.sizes[0]};
}

void SliceArray(const CpuContext& cpu, const SliceAttrs& attrs, const TensorArray& x, const Tensor* starts,
                const Tensor* ends, Span<const Tensor> starts_list, Span<const Tensor> ends_list, TensorArray& out) {
  const auto [begin, size] = ArrayRange(attrs, x, starts, ends, starts_list, ends_list);
  std::vector<Tensor> items(size);
  for (int64_t i = 0; i < size; ++i)
    if (x.items[begin + i].initialized()) items[i].CopyFrom(x.items[begin + i], cpu.allocator());
  out.items = std::move(items);
}

void TakeItem(const CpuContext& cpu, const SliceAttrs& attrs, const TensorArray& x, const Tensor* starts,
              const Tensor* ends, Span<const Tensor> starts_list, Span<const Tensor> ends_list, Tensor& out) {
  const int64_t begin = ArrayRange(attrs, x, starts, ends, starts_list, ends_list).begin;
  const Tensor& item = x.items[begin];
  Require(item.initialized(), "tensor ", begin, " of the array was never written");
  out.Allocate(item.dims(), item.dtype(), cpu.allocator());
  out.set_lod(item.lod());
  CopyBytes(item, out);
}

void InferGrad(const SliceAttrs& attrs, InferContext& context) {
  const TensorMeta &x = context.In("Input"), &dout = context.In("Out@GRAD");
  if (x.kind == VarKind::kTensorArray) {
    CheckArray(attrs, context);
  } else {
    context.CheckRank("Input", 1, kMaxRank);
    const Dims dims = Decreased(InferSelection(attrs, context, x.dims).sizes, attrs.decrease_axis);
    Require(DimsAgree(dims, dout.dims), "Out@GRAD has shape ", dout.dims, ", but Out has ", dims);
    context.CheckSameDType("Input", "Out@GRAD");
  }
  context.CopyMeta("Input", "Input@GRAD");
}

void SliceGrad(const CpuContext&, const SliceAttrs& attrs, const Tensor* ends, Span<const Tensor> ends_list,
               const Tensor& x, const Tensor& dout, const Tensor* starts, Span<const Tensor> starts_list, Tensor& dx) {
  SpreadSelected(KernelSelection(attrs, x.dims(), starts, ends, starts_list, ends_list), dout, dx);
}

// Zeros like the tensors of x, and room for the gradients of those in [begin, begin + size).
void ZerosLike(const CpuContext& cpu, const TensorArray& x, TensorArray* dx) {
  std::vector<Tensor> items(x.items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    if (!x.items[i].initialized()) continue;
    items[i].meta() = x.items[i].meta();
    items[i].Allocate(cpu.allocator());
    if (items[i].bytes()) std::memset(items[i].mutable_raw(), 0, items[i].bytes());
  }
  dx->items = std::move(items);
}

void SetItem(const CpuContext& cpu, const Tensor& gradient, const Tensor& like, int64_t i, TensorArray* dx) {
  if (!gradient.initialized()) return;
  Require(gradient.dims() == like.dims() && gradient.dtype() == like.dtype(), "the gradient of tensor ", i, " is ",
          gradient.meta(), ", but the tensor is ", like.meta());
  dx->items[i].CopyFrom(gradient, cpu.allocator());
}

void ArrayGrad(const CpuContext& cpu, const SliceAttrs& attrs, const Tensor* ends, Span<const Tensor> ends_list,
               const TensorArray& x, const TensorArray& dout, const Tensor* starts, Span<const Tensor> starts_list,
               TensorArray& dx) {
  const auto [begin, size] = ArrayRange(attrs, x, starts, ends, starts_list, ends_list);
  Require(static_cast<int64_t>(dout.items.size()) <= size, "Out@GRAD has ", dout.items.size(), " tensors, but Out has ",
          size);
  ZerosLike(cpu, x, &dx);
  for (size_t i = 0; i < dout.items.size(); ++i)
    SetItem(cpu, dout.items[i], x.items[begin + i], begin + static_cast<int64_t>(i), &dx);
}

void ItemGrad(const CpuContext& cpu, const SliceAttrs& attrs, const Tensor* ends, Span<const Tensor> ends_list,
              const TensorArray& x, const Tensor& dout, const Tensor* starts, Span<const Tensor> starts_list,
              TensorArray& dx) {
  const int64_t begin = ArrayRange(attrs, x, starts, ends, starts_list, ends_list).begin;
  ZerosLike(cpu, x, &dx);
  SetItem(cpu, dout, x.items[begin], begin, &dx);
}

// The gradient of the gradient takes the same elements again.
void DoubleGrad(const SliceAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("slice", attrs);
  op.SetInput("Input", context.OutGrad("Input@GRAD"));
  for (const char* slot : {"StartsTensor", "EndsTensor", "StartsTensorList", "EndsTensorList"})
    if (!context.In(slot).empty()) op.SetInput(slot, context.In(slot));
  op.SetOutput("Out", context.InGrad("Out@GRAD"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<SliceAttrs>(
        {.name = "slice",
         .doc = "Out = a part of Input: along the axes named the elements from start to end; those beyond are clipped. "
                "Of an array of tensors a range of them, or one.",
         .inputs = {kSliceInput, ListSlot("StartsTensor"), ListSlot("EndsTensor"), EachSlot("StartsTensorList"),
                    EachSlot("EndsTensorList")},
         .outputs = {{"Out", "The part; it has Input's LoD unless axis 0 is cut."}},
         .infer = Infer}),
    RegisterKernel("slice", Slice),
    RegisterKernel("slice", SliceArray),
    RegisterKernel("slice", TakeItem),
    RegisterOp<SliceAttrs>({.name = "slice_grad",
                            .doc = "Input@GRAD = Out@GRAD where Out was taken from, 0 elsewhere.",
                            .inputs = {ListSlot("EndsTensor"),
                                       EachSlot("EndsTensorList"),
                                       {"Input", "Input of the op.", kMetaOnly},
                                       {"Out@GRAD", "Gradient of Out."},
                                       ListSlot("StartsTensor"),
                                       EachSlot("StartsTensorList")},
                            .outputs = {{"Input@GRAD", "Gradient of Input."}},
                            .infer = InferGrad,
                            .grad = DoubleGrad}),
    RegisterKernel("slice_grad", SliceGrad),
    RegisterKernel("slice_grad", ArrayGrad),
    RegisterKernel("slice_grad", ItemGrad),
};

}  // namespace
}  // namespace paddle
