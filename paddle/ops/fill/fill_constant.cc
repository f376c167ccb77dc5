// Tensors of one value.

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "paddle/op/registry.h"
#include "paddle/ops/fill/shape_input.h"

namespace paddle {
namespace {

struct FillAttrs {
  int32_t dtype = static_cast<int32_t>(DType::kFloat32);
  std::vector<int64_t> shape;
  float value = 0;
  std::string str_value;
  bool force_cpu = false;
  static auto Fields() {
    return std::tuple{Field{"dtype", &FillAttrs::dtype, "Element type of Out, as a number of VarType."},
                      Field{"shape", &FillAttrs::shape, "Shape of Out."},
                      Field{"value", &FillAttrs::value, "The value."},
                      Field{"str_value", &FillAttrs::str_value, "The value as text, exact for int64 and float64; wins over value unless empty."},
                      Field{"force_cpu", &FillAttrs::force_cpu, "Keep Out on the host."}};
  }
};

void InferFill(const FillAttrs& attrs, InferContext& context) {
  const Dims dims = ShapeFromInputs(context, attrs.shape);
  CheckFillable(context, dims);
  context.SetOut("Out", dims, DTypeAttr(attrs.dtype, kAllTypes));
}

template <class T>
T ParseValue(const FillAttrs& attrs) {
  if (attrs.str_value.empty()) return static_cast<T>(attrs.value);
  char* end = nullptr;
  errno = 0;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const int64_t whole = std::strtoll(attrs.str_value.c_str(), &end, 10);
    if (end && *end == '\0' && errno == 0) return static_cast<T>(whole);
  }
  const double number = std::strtod(attrs.str_value.c_str(), &end);
  Require(end && end != attrs.str_value.c_str() && *end == '\0', "attribute str_value is '", attrs.str_value, "', which is not a number");
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) return T(static_cast<float>(number));
  else return static_cast<T>(number);
}

void Fill(const CpuContext&, const FillAttrs& attrs, const Tensor* value, const Tensor*, Span<const Tensor>, Tensor& out) {
  VisitAny(out.dtype(), [&]<class T>() {
    T* data = out.mutable_data<T>();
    if (!value) return std::fill_n(data, out.numel(), ParseValue<T>(attrs)), void();
    Require(value->numel() == 1, "ValueTensor must have one element, got shape ", value->dims());
    std::fill_n(data, out.numel(), *value->data<T>());
  });
}

struct LikeAttrs {
  float value = 0;
  int32_t dtype = -1;
  static auto Fields() {
    return std::tuple{Field{"value", &LikeAttrs::value, "The value."},
                      Field{"dtype", &LikeAttrs::dtype, "Element type of Out as a number of VarType; -1: that of X."}};
  }
};

void InferLike(const LikeAttrs& attrs, InferContext& context) {
  context.CopyMeta("X", "Out");
  if (attrs.dtype >= 0)
    if (TensorMeta* out = context.MutableOut("Out")) out->dtype = DTypeAttr(attrs.dtype, kAllTypes);
}

void FillLike(const CpuContext&, const LikeAttrs& attrs, const Tensor&, Tensor& out) {
  VisitAny(out.dtype(), [&]<class T>() { std::fill_n(out.mutable_data<T>(), out.numel(), static_cast<T>(attrs.value)); });
}

void FillZeros(const CpuContext&, const NoAttrs&, const Tensor&, Tensor& out) {
  std::fill_n(out.mutable_raw(), out.bytes(), std::byte{0});
}

std::vector<SlotSpec> FillSlots() {
  std::vector<SlotSpec> slots = ShapeSlots();
  slots.insert(slots.begin(), {"ValueTensor", "The value as a tensor of one element of Out's type; wins over the attribute.", kOptional | kNoGradient});
  return slots;
}

const Registered kFill = RegisterOp<FillAttrs>({
    .name = "fill_constant",
    .doc = "A tensor of the given shape with the same value everywhere.",
    .inputs = FillSlots(),
    .outputs = {{"Out", "The tensor."}},
    .infer = InferFill,
});
const Registered kFillCpu = RegisterKernel("fill_constant", Fill);

const Registered kLike = RegisterOp<LikeAttrs>({
    .name = "fill_any_like",
    .doc = "A tensor of X's shape with the same value everywhere.",
    .inputs = {{"X", "The tensor whose shape is taken.", kMetaOnly | kNoGradient}},
    .outputs = {{"Out", "The tensor, grouped as X."}},
    .infer = InferLike,
});
const Registered kLikeCpu = RegisterKernel("fill_any_like", FillLike);

const Registered kZeros = RegisterOp<NoAttrs>({
    .name = "fill_zeros_like",
    .doc = "A tensor of X's shape and type with zeros everywhere.",
    .inputs = {{"X", "The tensor whose shape and type are taken.", kMetaOnly | kNoGradient}},
    .outputs = {{"Out", "The tensor, grouped as X."}},
});
const Registered kZerosCpu = RegisterKernel("fill_zeros_like", FillZeros);

}  // namespace
}  // namespace paddle
