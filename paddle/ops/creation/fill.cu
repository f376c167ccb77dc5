// Tensors of one value, on the GPU.
#include <cstring>
#include <vector>

#include "paddle/math/cuda/fill.h"
#include "paddle/math/visit_bits.h"
#include "paddle/ops/creation/fill.h"

namespace paddle {
namespace {

// The element as bits in the tensor's type, as the CPU converts it.
template <class Bits>
void FillAs(const CudaContext& context, Tensor* out, const FillValue& value) {
  Tensor one({1}, out->dtype());
  Fill(one, value);
  Bits bits;
  std::memcpy(&bits, one.raw(), sizeof(Bits));
  cuda::FillBits(context, reinterpret_cast<Bits*>(out->mutable_raw()), out->numel(), bits);
}

void FillAll(const CudaContext& context, Tensor* out, const FillValue& value) {
  VisitBits(out->dtype(), [&]<class Bits>() { FillAs<Bits>(context, out, value); });
}

void FillConstant(const CudaContext& context, const FillConstantAttrs& attrs, const Tensor* value, const Tensor*,
                  Span<const Tensor>, Tensor& out) {
  if (!value) return FillAll(context, &out, ValueOf(attrs));
  Tensor on_host({1}, value->dtype());
  context.CopyToHost(on_host.mutable_raw(), value->raw(), value->bytes());
  FillAll(context, &out, ReadValue(on_host));
}

void FillBatchSizeLike(const CudaContext& context, const BatchSizeLikeAttrs& attrs, const Tensor&, Tensor& out) {
  FillAll(context, &out, ValueOf(attrs));
}

void FillZerosLike(const CudaContext& context, const NoAttrs&, const Tensor&, Tensor& out) {
  context.SetZero(out.mutable_raw(), out.bytes());
}

void FillAnyLike(const CudaContext& context, const FillAnyLikeAttrs& attrs, const Tensor&, Tensor& out) {
  FillAll(context, &out, FillValue::Of(attrs.value));
}

template <class T>
void Upload(const CudaContext& context, const std::vector<T>& values, Tensor* out) {
  context.CopyFromHost(out->mutable_raw(), reinterpret_cast<const std::byte*>(values.data()), out->bytes());
}

void AssignValue(const CudaContext& context, const AssignValueAttrs& attrs, Tensor& out) {
  switch (out.dtype()) {
    case DType::kBool: {
      std::vector<uint8_t> bools;
      for (const int32_t value : attrs.bool_values) bools.push_back(value != 0);
      return Upload(context, bools, &out);
    }
    case DType::kFloat32:
      return Upload(context, attrs.fp32_values, &out);
    case DType::kInt32:
      return Upload(context, attrs.int32_values, &out);
    default:
      return Upload(context, attrs.int64_values, &out);
  }
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("fill_constant", FillConstant),
    RegisterKernel("fill_constant_batch_size_like", FillBatchSizeLike),
    RegisterKernel("fill_zeros_like", FillZerosLike),
    RegisterKernel("fill_any_like", FillAnyLike),
    RegisterKernel("assign_value", AssignValue),
};

}  // namespace
}  // namespace paddle
