#pragma once
// Attributes of the ops that make tensors of one value, and the value.

#include "paddle/ops/creation/creation.h"

namespace paddle {

struct FillConstantAttrs {
  int32_t dtype = 5;
  std::vector<int64_t> shape;
  float value = 0;
  std::string str_value;
  bool force_cpu = false;
  static auto Fields() {
    return std::tuple{Field{"dtype", &FillConstantAttrs::dtype, "Element type of Out, by its number in Fluid's files."},
                      Field{"shape", &FillConstantAttrs::shape, "Sizes of Out."},
                      Field{"value", &FillConstantAttrs::value, "The value."},
                      Field{"str_value", &FillConstantAttrs::str_value,
                            "The value as text, exact for large integers; it goes before `value`."},
                      Field{"force_cpu", &FillConstantAttrs::force_cpu,
                            "Accepted and ignored: the planner knows where Out is needed."}};
  }
};

struct BatchSizeLikeAttrs {
  std::vector<int32_t> shape;
  int32_t input_dim_idx = 0;
  int32_t output_dim_idx = 0;
  int32_t dtype = 5;
  float value = 0;
  std::string str_value;
  bool force_cpu = false;
  static auto Fields() {
    using A = BatchSizeLikeAttrs;
    return std::tuple{
        Field{"shape", &A::shape, "Sizes of Out.", Presence::kRequired},
        Field{"input_dim_idx", &A::input_dim_idx, "The axis of Input whose size is taken."},
        Field{"output_dim_idx", &A::output_dim_idx, "The axis of Out that gets it."},
        Field{"dtype", &A::dtype, "Element type of Out, by its number in Fluid's files."},
        Field{"value", &A::value, "The value."},
        Field{"str_value", &A::str_value, "The value as text, exact for large integers; it goes before `value`."},
        Field{"force_cpu", &A::force_cpu, "Accepted and ignored: the planner knows where Out is needed."}};
  }
};

struct FillAnyLikeAttrs {
  float value = 0;
  int32_t dtype = -1;
  static auto Fields() {
    return std::tuple{Field{"value", &FillAnyLikeAttrs::value, "The value."},
                      Field{"dtype", &FillAnyLikeAttrs::dtype, "Element type of Out by its number; -1: X's."}};
  }
};

struct AssignValueAttrs {
  std::vector<int32_t> shape;
  int32_t dtype = 0;
  std::vector<int32_t> bool_values;
  std::vector<float> fp32_values;
  std::vector<int32_t> int32_values;
  std::vector<int64_t> int64_values;
  static auto Fields() {
    using A = AssignValueAttrs;
    return std::tuple{
        Field{"shape", &A::shape, "Sizes of Out.", Presence::kRequired},
        Field{"dtype", &A::dtype, "Element type: bool, float32, int32 or int64, by its number.", Presence::kRequired},
        Field{"bool_values", &A::bool_values, "The elements in row-major order, for bool."},
        Field{"fp32_values", &A::fp32_values, "The elements in row-major order, for float32."},
        Field{"int32_values", &A::int32_values, "The elements in row-major order, for int32."},
        Field{"int64_values", &A::int64_values, "The elements in row-major order, for int64."}};
  }
};

// The value that the attributes give.
template <class Attrs>
FillValue ValueOf(const Attrs& attrs) {
  return attrs.str_value.empty() ? FillValue::Of(attrs.value) : FillValue::Parse(attrs.str_value);
}

// The one element of a tensor of any type.
inline FillValue ReadValue(const Tensor& tensor) {
  return VisitAny(tensor.dtype(), [&]<class T>() {
    const T element = *tensor.data<T>();
    if constexpr (std::is_integral_v<T>)
      return FillValue{static_cast<double>(element), static_cast<int64_t>(element)};
    else
      return FillValue::Of(static_cast<double>(element));
  });
}

}  // namespace paddle
