#include <numeric>

#include "paddle/ops/manipulation/manipulation.h"
#include "paddle/ops/manipulation/pieces.h"

namespace paddle {
namespace {

struct SplitAttrs {
  std::vector<int32_t> sections;
  int32_t num = 0;
  int32_t axis = 0;

  static auto Fields() {
    using A = SplitAttrs;
    return std::tuple{Field{"sections", &A::sections, "Sizes of the pieces, one of which may be -1: what is left."},
                      Field{"num", &A::num, "Number of equal pieces; goes before `sections` unless 0."},
                      Field{"axis", &A::axis, "The axis to cut; negative ones count from the last."}};
  }
};

constexpr int64_t kUnknown = -2;

// The sizes of the pieces of an axis of `size` elements (-1: not known). Those asked for may be -1, what is left, and
// kUnknown; both are -1 in the result where they cannot be told.
std::vector<int64_t> PieceSizes(const SplitAttrs& attrs, std::vector<int64_t> wanted, int64_t size) {
  if (attrs.num > 0) {
    Require(size < 0 || size % attrs.num == 0, "the axis has ", size, " elements, which cannot be cut into ", attrs.num,
            " equal pieces");
    return std::vector<int64_t>(attrs.num, size < 0 ? -1 : size / attrs.num);
  }
  int64_t sum = 0, left = -1;
  bool unknown = size < 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const int64_t section = wanted[i];
    Require(section >= 0 || section == -1 || section == kUnknown, "section ", i, " is ", section,
            "; expected 0 or more, or -1 for what is left");
    if (section == kUnknown) unknown = true;
    if (section >= 0) {
      sum += section;
      continue;
    }
    if (section == -1) {
      Require(left < 0, "more than one of the sections ", wanted, " is -1");
      left = static_cast<int64_t>(i);
    }
    wanted[i] = -1;
  }
  if (unknown) return wanted;
  Require(left < 0 ? sum == size : sum <= size, "the sections ", wanted, " make up ", sum, ", but the axis has ", size,
          " elements");
  if (left >= 0) wanted[left] = size - sum;
  return wanted;
}

std::vector<int64_t> WantedSections(const SplitAttrs& attrs, const InferContext& context) {
  std::vector<int64_t> sections(attrs.sections.begin(), attrs.sections.end());
  const int count = context.Count("SectionsTensorList");
  if (count == 0) return sections;
  sections.assign(count, kUnknown);
  for (int i = 0; i < count; ++i) {
    context.CheckDType("SectionsTensorList", kIndices, i);
    Require(SizesAgree(context.In("SectionsTensorList", i).numel(), 1), "SectionsTensorList[", i, "] has shape ",
            context.In("SectionsTensorList", i).dims, "; expected one integer");
    if (const auto values = context.Values("SectionsTensorList", i)) sections[i] = values->at(0);
    // -2 of a tensor would pass for unknown.
    Require(context.building() || sections[i] >= -1, "section ", i, " is ", sections[i],
            "; expected 0 or more, or -1 for what is left");
  }
  return sections;
}

void Infer(const SplitAttrs& attrs, InferContext& context) {
  context.CheckRank("X", 1, kMaxRank);
  const TensorMeta x = context.In("X");
  const int count = context.OutCount("Out");
  Require(attrs.num == 0 || attrs.num == count, "num is ", attrs.num, ", but Out names ", count,
          " variables; expected as many, or 0");
  const auto axis = InferAxis(context, attrs.axis, x.rank());
  const auto sizes = PieceSizes(attrs, WantedSections(attrs, context), axis ? x.dims[*axis] : -1);
  Require(static_cast<int>(sizes.size()) == count, "Out names ", count, " variables, but there are ", sizes.size(),
          " pieces; give `num` or `sections`");
  Dims dims = x.dims;
  if (!axis)
    for (int i = 0; i < dims.rank(); ++i) dims[i] = -1;
  for (int i = 0; i < count; ++i) {
    if (axis) dims[*axis] = sizes[i];
    context.SetOut("Out", dims, x.dtype, i);
    TensorMeta* out = context.MutableOut("Out", i);
    if (!out || axis == 0) continue;
    out->lod = x.lod;
    out->lod_level = x.lod_level;
  }
}

void Split(const CpuContext&, const SplitAttrs& attrs, const Tensor& x, const Tensor* axis_tensor,
           Span<const Tensor> sections, Span<Tensor> out) {
  const int axis = KernelAxis(axis_tensor, attrs.axis, x.rank());
  std::vector<int64_t> wanted(attrs.sections.begin(), attrs.sections.end());
  if (!sections.empty()) wanted.clear();
  for (const Tensor* section : sections) wanted.push_back(ToInt64s(*section).at(0));
  const auto sizes = PieceSizes(attrs, std::move(wanted), x.dim(axis));
  const int64_t inner = x.dims().Product(axis + 1, x.rank());
  CutPieces(x, axis, out, [&](size_t i) { return sizes[i] * inner; });
}

void Grad(const SplitAttrs& attrs, GradContext& context) {
  OpDesc& op = context.Emit("concat", attrs);
  op.SetInput("X", context.OutGrad("Out"));
  if (!context.In("AxisTensor").empty()) op.SetInput("AxisTensor", context.In("AxisTensor"));
  op.SetOutput("Out", context.InGrad("X"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<SplitAttrs>(
        {.name = "split",
         .doc = "Out[i] = pieces of X along an axis.",
         .inputs = {{"X", "Tensor of rank 1 or more."},
                    kAxisTensorSlot,
                    {"SectionsTensorList", "Sizes of the pieces, one integer each; they go before `sections`.",
                     kRepeated | kOptional | kValue | kNoGradient}},
         .outputs = {{"Out", "The pieces; they have X's LoD unless the axis is 0.", kRepeated}},
         .infer = Infer,
         .grad = Grad}),
    RegisterKernel("split", Split),
};

}  // namespace
}  // namespace paddle
