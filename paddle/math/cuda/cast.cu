#include "paddle/math/cuda/cast.h"
#include "paddle/tensor/half.h"

namespace paddle::cuda {
namespace {

// An element as the device reads it: halves become floats.
template <class T>
__device__ auto Load(const T* x, int64_t i) {
  if constexpr (std::is_same_v<T, Float16>)
    return HalfValue(x[i].bits);
  else if constexpr (std::is_same_v<T, BFloat16>)
    return BFloatValue(x[i].bits);
  else
    return x[i];
}

template <class T, class V>
__device__ void Store(V value, void* to, int64_t i) {
  if constexpr (std::is_same_v<T, Float16>)
    static_cast<uint16_t*>(to)[i] = HalfBits(static_cast<float>(value));
  else if constexpr (std::is_same_v<T, BFloat16>)
    static_cast<uint16_t*>(to)[i] = BFloatBits(static_cast<float>(value));
  else if constexpr (std::is_same_v<T, bool>)
    static_cast<bool*>(to)[i] = value != V(0);
  else
    static_cast<T*>(to)[i] = static_cast<T>(value);
}

// One kernel a source type: the other is chosen at run time, the same for all threads.
template <class V>
__device__ void StoreAs(DType type, V value, void* to, int64_t i) {
  switch (type) {
    case DType::kBool:
      return Store<bool>(value, to, i);
    case DType::kInt16:
      return Store<int16_t>(value, to, i);
    case DType::kInt32:
      return Store<int32_t>(value, to, i);
    case DType::kInt64:
      return Store<int64_t>(value, to, i);
    case DType::kFloat16:
      return Store<Float16>(value, to, i);
    case DType::kFloat32:
      return Store<float>(value, to, i);
    case DType::kFloat64:
      return Store<double>(value, to, i);
    case DType::kUInt8:
      return Store<uint8_t>(value, to, i);
    case DType::kInt8:
      return Store<int8_t>(value, to, i);
    case DType::kBFloat16:
      return Store<BFloat16>(value, to, i);
  }
}

template <class From>
void Cast(const CudaContext& context, const From* from, void* to, DType to_type, int64_t n) {
  ForEach(context, n, [=] __device__(int64_t i) { StoreAs(to_type, Load(from, i), to, i); });
}

}  // namespace

void CastArray(const CudaContext& context, const void* from, DType from_type, void* to, DType to_type, int64_t n) {
  if (from_type == to_type) {
    if (from != to)
      context.Copy(static_cast<std::byte*>(to), static_cast<const std::byte*>(from),
                   static_cast<size_t>(n) * SizeOf(to_type));
    return;
  }
  VisitAny(from_type, [&]<class From>() { Cast(context, static_cast<const From*>(from), to, to_type, n); });
}

}  // namespace paddle::cuda
