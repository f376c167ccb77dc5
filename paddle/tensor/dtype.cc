#include "paddle/tensor/dtype.h"

#include "paddle/tensor/half.h"

namespace paddle {

Float16::Float16(float value) : bits(HalfBits(value)) {}
Float16::operator float() const { return HalfValue(bits); }
BFloat16::BFloat16(float value) : bits(BFloatBits(value)) {}

size_t SizeOf(DType dtype) {
  switch (dtype) {
    case DType::kBool:
    case DType::kUInt8:
    case DType::kInt8:
      return 1;
    case DType::kInt16:
    case DType::kFloat16:
    case DType::kBFloat16:
      return 2;
    case DType::kInt32:
    case DType::kFloat32:
      return 4;
    case DType::kInt64:
    case DType::kFloat64:
      return 8;
  }
  throw InvalidArgument(StrCat("no element type has the number ", static_cast<int>(dtype)));
}

std::string_view NameOf(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return "bool";
    case DType::kInt16:
      return "int16";
    case DType::kInt32:
      return "int32";
    case DType::kInt64:
      return "int64";
    case DType::kFloat16:
      return "float16";
    case DType::kFloat32:
      return "float32";
    case DType::kFloat64:
      return "float64";
    case DType::kUInt8:
      return "uint8";
    case DType::kInt8:
      return "int8";
    case DType::kBFloat16:
      return "bfloat16";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << NameOf(dtype); }

std::optional<DType> ToDType(int64_t value) {
  if ((value >= 0 && value <= 6) || (value >= 20 && value <= 22)) return static_cast<DType>(value);
  return std::nullopt;
}

bool IsFloating(DType dtype) {
  return dtype == DType::kFloat16 || dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kBFloat16;
}

void ThrowDType(DType got, std::string_view wanted) {
  throw InvalidArgument(StrCat("element type ", got, " is not taken here; expected ", wanted));
}

}  // namespace paddle
