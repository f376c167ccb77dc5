#include "paddle/tensor/tensor.h"

#include <cstring>

namespace paddle {

std::ostream& operator<<(std::ostream& out, VarKind kind) {
  switch (kind) {
    case VarKind::kTensor:
      return out << "LoDTensor";
    case VarKind::kSelectedRows:
      return out << "SelectedRows";
    case VarKind::kFeedList:
      return out << "FeedList";
    case VarKind::kFetchList:
      return out << "FetchList";
    case VarKind::kStepScopes:
      return out << "StepScopes";
    case VarKind::kRankTable:
      return out << "LoDRankTable";
    case VarKind::kTensorArray:
      return out << "LoDTensorArray";
    case VarKind::kPlaceList:
      return out << "PlaceList";
    case VarKind::kReader:
      return out << "Reader";
    case VarKind::kRaw:
      return out << "Raw";
  }
  return out << "VarType(" << static_cast<int>(kind) << ')';
}

size_t BytesOf(DType dtype, const Dims& dims) {
  int64_t bytes = static_cast<int64_t>(SizeOf(dtype));
  bool fits = true;
  for (const int64_t size : dims) {
    Require(size >= 0, "a tensor of unknown size ", dims, " has no number of bytes");
    fits = fits && !__builtin_mul_overflow(bytes, size, &bytes) && bytes <= kMaxTensorBytes;
  }
  Require(fits, "a tensor ", dtype, dims, " would take more than ", kMaxTensorBytes, " bytes, which no machine has");
  return static_cast<size_t>(bytes);
}

std::ostream& operator<<(std::ostream& out, const TensorMeta& meta) {
  if (meta.kind != VarKind::kTensor) out << meta.kind << ' ';
  out << meta.dtype << meta.dims;
  if (!meta.lod.empty()) return out << " lod " << meta.lod;
  if (meta.lod_level > 0) out << " lod_level " << meta.lod_level;
  return out;
}

Tensor::Tensor(Dims dims, DType dtype, Allocator& allocator) { Allocate(dims, dtype, allocator); }

void Tensor::Allocate(const Dims& dims, DType dtype, Allocator& allocator) {
  meta_.dims = dims;
  meta_.dtype = dtype;
  Allocate(allocator);
}

void Tensor::Allocate(Allocator& allocator) {
  Require(meta_.dims.known(), "a tensor of unknown size ", meta_.dims, " cannot be allocated");
  const size_t needed = bytes();
  if (!buffer_ || buffer_.use_count() != 1 || buffer_->size() < needed) {
    Release();
    buffer_ = allocator.Allocate(needed);
  }
  data_ = buffer_->data();
}

void Tensor::Bind(BufferPtr buffer, size_t offset) {
  Ensure(offset <= buffer->size() && bytes() <= buffer->size() - offset, "tensor does not fit its buffer");
  buffer_ = std::move(buffer);
  data_ = buffer_->data() + offset;
}

void Tensor::ShareBytes(const Tensor& other) {
  buffer_ = other.buffer_;
  data_ = other.data_;
}

void Tensor::CopyFrom(const Tensor& other, Allocator& allocator) {
  if (this == &other) return;
  meta_ = other.meta_;
  Allocate(allocator);
  if (bytes()) std::memcpy(mutable_raw(), other.data_, bytes());
}

std::vector<int64_t> ToInt64s(const Tensor& tensor) {
  return VisitIndex(tensor.dtype(), [&]<class T>() {
    const T* data = tensor.data<T>();
    return std::vector<int64_t>(data, data + tensor.numel());
  });
}

}  // namespace paddle
