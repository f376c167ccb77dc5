#pragma once
// Element types, with the numbers that Fluid's files use.

#include <bit>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string_view>

#include "paddle/base/errors.h"

namespace paddle {

enum class DType : uint8_t {
  kBool = 0,
  kInt16 = 1,
  kInt32 = 2,
  kInt64 = 3,
  kFloat16 = 4,
  kFloat32 = 5,
  kFloat64 = 6,
  kUInt8 = 20,
  kInt8 = 21,
  kBFloat16 = 22,
};

// IEEE half precision; arithmetic is done in float.
struct Float16 {
  uint16_t bits = 0;
  Float16() = default;
  explicit Float16(float value);
  operator float() const;
};

// The upper half of a float, rounded to nearest even.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float value);
  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};

size_t SizeOf(DType dtype);
std::string_view NameOf(DType dtype);  // NumPy's name: "float32"
std::ostream& operator<<(std::ostream& out, DType dtype);
// The DType with wire number `value`, if there is one.
std::optional<DType> ToDType(int64_t value);
bool IsFloating(DType dtype);

template <class T>
constexpr DType DTypeOf() {
  if constexpr (std::is_same_v<T, bool>)
    return DType::kBool;
  else if constexpr (std::is_same_v<T, int16_t>)
    return DType::kInt16;
  else if constexpr (std::is_same_v<T, int32_t>)
    return DType::kInt32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return DType::kInt64;
  else if constexpr (std::is_same_v<T, Float16>)
    return DType::kFloat16;
  else if constexpr (std::is_same_v<T, float>)
    return DType::kFloat32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::kFloat64;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return DType::kUInt8;
  else if constexpr (std::is_same_v<T, int8_t>)
    return DType::kInt8;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return DType::kBFloat16;
  else
    static_assert(sizeof(T) == 0, "no DType for this type");
}

[[noreturn]] void ThrowDType(DType got, std::string_view wanted);

// Calls f.operator()<T>() for the type of `dtype`; throws InvalidArgument naming what is taken otherwise.
template <class F>
decltype(auto) VisitFloat(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kFloat32:
      return f.template operator()<float>();
    case DType::kFloat64:
      return f.template operator()<double>();
    default:
      ThrowDType(dtype, "float32 or float64");
  }
}

template <class F>
decltype(auto) VisitNumber(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kFloat32:
      return f.template operator()<float>();
    case DType::kFloat64:
      return f.template operator()<double>();
    case DType::kInt32:
      return f.template operator()<int32_t>();
    case DType::kInt64:
      return f.template operator()<int64_t>();
    default:
      ThrowDType(dtype, "float32, float64, int32 or int64");
  }
}

template <class F>
decltype(auto) VisitIndex(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kInt32:
      return f.template operator()<int32_t>();
    case DType::kInt64:
      return f.template operator()<int64_t>();
    default:
      ThrowDType(dtype, "int32 or int64");
  }
}

template <class F>
decltype(auto) VisitAny(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kBool:
      return f.template operator()<bool>();
    case DType::kInt16:
      return f.template operator()<int16_t>();
    case DType::kInt32:
      return f.template operator()<int32_t>();
    case DType::kInt64:
      return f.template operator()<int64_t>();
    case DType::kFloat16:
      return f.template operator()<Float16>();
    case DType::kFloat32:
      return f.template operator()<float>();
    case DType::kFloat64:
      return f.template operator()<double>();
    case DType::kUInt8:
      return f.template operator()<uint8_t>();
    case DType::kInt8:
      return f.template operator()<int8_t>();
    case DType::kBFloat16:
      return f.template operator()<BFloat16>();
  }
  ThrowDType(dtype, "a known element type");
}

}  // namespace paddle
