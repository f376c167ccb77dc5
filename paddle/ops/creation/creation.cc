#include "paddle/ops/creation/creation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace paddle {

DType DTypeFromAttr(int64_t number, const DTypeSet& allowed) {
  const auto dtype = ToDType(number);
  Require(dtype.has_value(), "there is no element type with the number ", number);
  Require(allowed.contains(*dtype), "the element type ", *dtype, " is not taken here; expected one of: ", allowed);
  return *dtype;
}

namespace {

int64_t CheckSize(int64_t size, size_t axis, bool building) {
  Require(size >= (building ? -1 : 0), "the size of axis ", axis, " is ", size, "; expected 0 or more");
  return size;
}

}  // namespace

Dims ShapeFromInputs(const InferContext& context, const std::vector<int64_t>& attr) {
  Dims dims;
  if (const int count = context.Count("ShapeTensorList"); count > 0) {
    for (int i = 0; i < count; ++i) {
      const int64_t numel = context.In("ShapeTensorList", i).numel();
      Require(SizesAgree(numel, 1), "ShapeTensorList[", i, "] has shape ", context.In("ShapeTensorList", i).dims,
              "; expected one integer");
      const auto values = context.Values("ShapeTensorList", i);
      const int64_t known = i < static_cast<int>(attr.size()) ? attr[i] : -1;
      dims.Append(values ? CheckSize(values->at(0), i, false) : known);
    }
    return dims;
  }
  if (context.Has("ShapeTensor")) {
    context.CheckDType("ShapeTensor", kIndices);
    context.CheckRank("ShapeTensor", 1, 1);
    if (const auto values = context.Values("ShapeTensor")) {
      for (size_t i = 0; i < values->size(); ++i) dims.Append(CheckSize((*values)[i], i, false));
      return dims;
    }
    const int64_t rank = context.In("ShapeTensor").dims[0];
    Require(rank <= kMaxRank, "ShapeTensor has ", rank, " elements; a tensor has at most ", kMaxRank, " dimensions");
    // An attribute beside it says what is known.
    const bool known = static_cast<int64_t>(attr.size()) == rank;
    for (int64_t i = 0; i < rank; ++i) dims.Append(known ? attr[i] : -1);
    return dims;
  }
  for (size_t i = 0; i < attr.size(); ++i) dims.Append(CheckSize(attr[i], i, context.building()));
  return dims;
}

Dims ShapeLikeInput(const InferContext& context, const std::vector<int32_t>& shape, int32_t in_axis, int32_t out_axis) {
  const Dims& input = context.In("Input").dims;
  Require(in_axis >= 0 && in_axis < input.rank(), "input_dim_idx is ", in_axis, ", but Input has shape ", input);
  Require(out_axis >= 0 && out_axis < static_cast<int32_t>(shape.size()), "output_dim_idx is ", out_axis,
          ", but shape has ", shape.size(), " sizes");
  Dims dims(shape);
  dims[out_axis] = input[in_axis];
  for (int i = 0; i < dims.rank(); ++i) CheckSize(dims[i], i, context.building());
  return dims;
}

FillValue FillValue::Of(double value) {
  // A number that no int64 holds becomes the nearest one.
  constexpr double kLimit = 9223372036854774784.0;
  return {value, std::isnan(value) ? 0 : static_cast<int64_t>(std::clamp(value, -kLimit, kLimit))};
}

FillValue FillValue::Parse(const std::string& text) {
  int64_t integer = 0;
  const char* end = text.data() + text.size();
  if (const auto [stop, error] = std::from_chars(text.data(), end, integer); stop == end && error == std::errc())
    return {static_cast<double>(integer), integer};
  char* stop = nullptr;
  const double real = std::strtod(text.c_str(), &stop);
  if (text == "True" || text == "False") return Of(text == "True");
  Require(!text.empty() && stop == text.c_str() + text.size(), "\"", text, "\" is not a number");
  return Of(real);
}

void Fill(Tensor& out, const FillValue& value) {
  VisitAny(out.dtype(), [&]<class T>() {
    T element;
    if constexpr (std::is_same_v<T, bool>)
      element = value.real != 0;
    else if constexpr (std::is_integral_v<T>)
      element = static_cast<T>(value.integer);
    else if constexpr (std::is_same_v<T, double>)
      element = value.real;
    else
      element = T(static_cast<float>(value.real));
    std::fill_n(out.mutable_data<T>(), out.numel(), element);
  });
}

}  // namespace paddle
