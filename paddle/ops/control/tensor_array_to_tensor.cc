// tensor_array_to_tensor: the items of an array side by side.
#include "paddle/ops/control/array.h"
#include "paddle/ops/manipulation/pieces.h"

namespace paddle {
namespace {

struct JoinAttrs {
  int32_t axis = 0;
  bool use_stack = false;
  static auto Fields() {
    using A = JoinAttrs;
    return std::tuple{
        Field{"axis", &A::axis, "The axis of Out along which the items are; negative ones count from the last."},
        Field{"use_stack", &A::use_stack, "Whether that axis is a new one, of as many elements as there are items."}};
  }
};

// While the program is built, the number of items is not known.
void Infer(const JoinAttrs& attrs, InferContext& context) {
  CheckArray(context, "X");
  const TensorMeta x = context.In("X");
  Dims dims;
  if (context.building() && x.rank() > 0) {
    const int axis = NormalizeAxis(attrs.axis, x.rank() + attrs.use_stack);
    for (int i = 0; i < x.rank(); ++i) {
      if (i == axis) dims.Append(-1);
      if (i != axis || attrs.use_stack) dims.Append(x.dims[i]);
    }
    if (axis == x.rank()) dims.Append(-1);
  }
  SetUnknown(context, "Out", dims, x.dtype, 0);
  SetUnknown(context, "OutIndex", {-1}, DType::kInt32, 0);
}

int AxisOf(const JoinAttrs& attrs, const TensorArray& x) {
  return NormalizeAxis(attrs.axis, ItemOf(x, 0, "X").rank() + attrs.use_stack);
}

// The items joined: all sizes but that of the axis must be equal; to be stacked, all.
Dims JoinedDims(const JoinAttrs& attrs, const TensorArray& x, int axis) {
  const Tensor& first = ItemOf(x, 0, "X");
  Dims dims;
  for (int i = 0; i <= first.rank(); ++i) {
    if (attrs.use_stack && i == axis) dims.Append(static_cast<int64_t>(x.items.size()));
    if (i < first.rank()) dims.Append(first.dim(i));
  }
  for (size_t i = 1; i < x.items.size(); ++i) {
    const Tensor& item = ItemOf(x, static_cast<int64_t>(i), "X");
    bool fits = item.rank() == first.rank() && item.dtype() == first.dtype();
    for (int k = 0; fits && k < first.rank(); ++k)
      fits = item.dim(k) == first.dim(k) || (k == axis && !attrs.use_stack);
    Require(fits, "item ", i, " of the array X is ", item.meta(), ", but item 0 is ", first.meta(),
            "; expected the same", attrs.use_stack ? "" : StrCat(" but for the size of axis ", axis));
    if (!attrs.use_stack)
      Require(!__builtin_add_overflow(dims[axis], item.dim(axis), &dims[axis]), "the items are too large together");
  }
  return dims;
}

std::vector<const Tensor*> Pointers(const TensorArray& array) {
  std::vector<const Tensor*> items;
  for (const Tensor& item : array.items) items.push_back(&item);
  return items;
}

void Join(const CpuContext& cpu, const JoinAttrs& attrs, const TensorArray& x, Tensor& out, Tensor* index) {
  Require(!x.items.empty(), "the array X has no items to join");
  const int axis = AxisOf(attrs, x);
  const Dims dims = JoinedDims(attrs, x, axis);
  out.Allocate(dims, x.items[0].dtype(), cpu.allocator());
  out.set_lod({});
  const auto items = Pointers(x);
  JoinPieces(items, axis, out);
  if (!index) return;
  index->Allocate({static_cast<int64_t>(items.size())}, DType::kInt32, cpu.allocator());
  for (size_t i = 0; i < items.size(); ++i)
    index->mutable_data<int32_t>()[i] = axis < items[i]->rank() ? static_cast<int32_t>(items[i]->dim(axis)) : 0;
}

void InferGrad(const JoinAttrs&, InferContext& context) {
  CheckArray(context, "X");
  SetArray(context, "X@GRAD", context.In("X"), context.In("X").lod_level);
}

void JoinGrad(const CpuContext& cpu, const JoinAttrs& attrs, const Tensor& d_out, const TensorArray& x,
              TensorArray& dx) {
  Require(!x.items.empty(), "the array X has no items");
  const int axis = AxisOf(attrs, x);
  const Dims dims = JoinedDims(attrs, x, axis);
  Require(d_out.dims() == dims && d_out.dtype() == x.items[0].dtype(), "Out@GRAD is ", d_out.meta(), ", but Out is ",
          x.items[0].dtype(), dims);
  dx.items.resize(x.items.size());
  std::vector<Tensor*> items;
  for (size_t i = 0; i < x.items.size(); ++i) {
    dx.items[i].Allocate(x.items[i].dims(), d_out.dtype(), cpu.allocator());
    dx.items[i].set_lod(x.items[i].lod());
    items.push_back(&dx.items[i]);
  }
  CutPieces(d_out, axis, Span<Tensor>(items),
            [&](size_t i) { return x.items[i].dims().Product(axis, x.items[i].rank()); });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<JoinAttrs>(
        {.name = "tensor_array_to_tensor",
         .doc = "Out = the items of an array side by side along an axis, as concat or stack would put them.",
         .inputs = {{"X",
                     "Array of one item at least; all of one element type, and of the same sizes but for the axis."}},
         .outputs = {{"Out", "The joined tensor, without a LoD.", kDynamic},
                     {"OutIndex", "int32[items]: the size of each item along the axis; 0 where it has no such axis.",
                      kDynamic | kIntermediate}},
         .infer = Infer}),
    RegisterKernel("tensor_array_to_tensor", Join),
    RegisterOp<JoinAttrs>(
        {.name = "tensor_array_to_tensor_grad",
         .doc = "Gradient of tensor_array_to_tensor: each item gets the part of Out@GRAD that it became.",
         .inputs = {{"Out@GRAD", "Gradient of Out."}, {"X", "Of the forward op.", kMetaOnly}},
         .outputs = {{"X@GRAD", "Array of the gradients of X's items."}},
         .infer = InferGrad}),
    RegisterKernel("tensor_array_to_tensor_grad", JoinGrad),
};

}  // namespace
}  // namespace paddle
