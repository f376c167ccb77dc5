// arg_max and arg_min.

#include <cmath>

#include "paddle/math/axis_view.h"
#include "paddle/op/registry.h"
#include "paddle/ops/creation/creation.h"
#include "paddle/ops/search/order.h"

namespace paddle {
namespace {

struct ArgAttrs {
  int64_t axis = 0;
  bool keepdims = false;
  int32_t dtype = -1;
  static auto Fields() {
    return std::tuple{
        Field{"axis", &ArgAttrs::axis, "The axis to search; negative ones count from the last.", Presence::kRequired},
        Field{"keepdims", &ArgAttrs::keepdims, "Whether the axis stays, with size 1."},
        Field{"dtype", &ArgAttrs::dtype, "Element type of Out, int32 or int64, by its number; -1: int64."}};
  }
};

constexpr DTypeSet kTypes{DType::kFloat32, DType::kFloat64, DType::kInt8, DType::kUInt8,
                          DType::kInt16,   DType::kInt32,   DType::kInt64};

void Infer(const ArgAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kTypes);
  const TensorMeta& x = context.In("X");
  const int axis = NormalizeAxis(attrs.axis, x.rank());
  Dims dims;
  for (int i = 0; i < x.rank(); ++i)
    if (i != axis)
      dims.Append(x.dims[i]);
    else if (attrs.keepdims)
      dims.Append(1);
  Require(x.dims[axis] != 0 || dims.numel() == 0, "X has shape ", x.dims, "; along axis ", axis,
          " there is nothing to choose from");
  context.SetOut("Out", dims, attrs.dtype < 0 ? DType::kInt64 : DTypeFromAttr(attrs.dtype, kIndices));
}

template <bool kMax, class T>
int64_t Search(const T* x, int64_t size, int64_t step) {
  int64_t best = 0;
  for (int64_t i = 1; i < size; ++i) {
    const T value = x[i * step], held = x[best * step];
    if constexpr (kMax) {
      if (Above(value, held)) best = i;
    } else if constexpr (std::is_floating_point_v<T>) {
      if (value < held || (std::isnan(value) && !std::isnan(held))) best = i;
    } else if (value < held) {
      best = i;
    }
  }
  return best;
}

template <bool kMax>
void Kernel(const CpuContext&, const ArgAttrs& attrs, const Tensor& x, Tensor& out) {
  const AxisView view(x.dims(), NormalizeAxis(attrs.axis, x.rank()));
  VisitIndex(out.dtype(), [&]<class I>() {
    VisitAny(x.dtype(), [&]<class T>() {
      if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
        const T* px = x.data<T>();
        I* pout = out.mutable_data<I>();
        ForEachLine(view, 16 * 1024, [=](int64_t line, int64_t at) {
          pout[line] = static_cast<I>(Search<kMax>(px + at, view.size, view.inner));
        });
      } else {
        ThrowDType(x.dtype(), "a number type");
      }
    });
  });
}

OpSpec<ArgAttrs> Spec(std::string_view name, std::string_view doc) {
  return {.name = name,
          .doc = doc,
          .inputs = {{"X", "Tensor of rank 1 or more.", kNoGradient}},
          .outputs = {{"Out", "X's shape without the axis; of rank 0 when none is left."}},
          .infer = Infer};
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp(Spec("arg_max",
                    "Out = the position of the largest element along an axis, of equal ones the first. A NaN counts as "
                    "the largest.")),
    RegisterKernel("arg_max", Kernel<true>),
    RegisterOp(Spec("arg_min",
                    "Out = the position of the least element along an axis, of equal ones the first. A NaN counts as "
                    "the least.")),
    RegisterKernel("arg_min", Kernel<false>),
};

}  // namespace
}  // namespace paddle
