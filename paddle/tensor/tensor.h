#pragma once
// A dense array of one element type over a counted block of memory, with the grouping of its rows.

#include <cstddef>

#include "paddle/device/buffer.h"
#include "paddle/tensor/dims.h"
#include "paddle/tensor/dtype.h"
#include "paddle/tensor/lod.h"

namespace paddle {

// What a variable holds. The numbers are VarType's in Fluid's files.
enum class VarKind : int {
  kTensor = 7,
  kSelectedRows = 8,
  kFeedList = 9,
  kFetchList = 10,
  kStepScopes = 11,
  kRankTable = 12,
  kTensorArray = 13,
  kPlaceList = 14,
  kReader = 15,
  kRaw = 17,
};
std::ostream& operator<<(std::ostream& out, VarKind kind);

// Bytes of a dense array. Throws InvalidArgument when sizes are unknown or it would take more than kMaxTensorBytes.
constexpr int64_t kMaxTensorBytes = int64_t{1} << 46;  // no machine has more; sums of a few such sizes fit 64 bits
size_t BytesOf(DType dtype, const Dims& dims);

// What `infer` computes of a variable: everything but its bytes.
struct TensorMeta {
  VarKind kind = VarKind::kTensor;
  DType dtype = DType::kFloat32;
  Dims dims;
  Lod lod;            // known at run time only
  int lod_level = 0;  // number of LoD levels; at run time lod.levels()

  int64_t numel() const { return dims.numel(); }
  int rank() const { return dims.rank(); }
  size_t bytes() const { return BytesOf(dtype, dims); }
  void set_lod(const Lod& value) {
    lod = value;
    lod_level = value.levels();
  }
};
std::ostream& operator<<(std::ostream& out, const TensorMeta& meta);

// A view of a block of memory; copying a Tensor copies the view, not the bytes. Row-major, never strided.
class Tensor {
 public:
  Tensor() = default;
  // A fresh tensor with undefined bytes.
  Tensor(Dims dims, DType dtype, Allocator& allocator = SystemAllocator());

  TensorMeta& meta() { return meta_; }
  const TensorMeta& meta() const { return meta_; }
  const Dims& dims() const { return meta_.dims; }
  int rank() const { return meta_.dims.rank(); }
  int64_t dim(int i) const { return meta_.dims[i]; }
  DType dtype() const { return meta_.dtype; }
  const Lod& lod() const { return meta_.lod; }
  void set_lod(const Lod& lod) { meta_.set_lod(lod); }
  int64_t numel() const { return meta_.dims.numel(); }
  size_t bytes() const { return meta_.bytes(); }
  Place place() const { return buffer_ ? buffer_->place() : Place{}; }

  // False until bytes were bound; reading an uninitialised tensor is an error that the runtime reports.
  bool initialized() const { return data_ != nullptr; }

  const std::byte* raw() const { return data_; }
  // For a write at once: the block is marked as written (see Buffer).
  std::byte* mutable_raw() {
    if (buffer_) buffer_->MarkWritten();
    return data_;
  }
  template <class T>
  const T* data() const {
    CheckType(DTypeOf<T>());
    return reinterpret_cast<const T*>(data_);
  }
  template <class T>
  T* mutable_data() {
    CheckType(DTypeOf<T>());
    return reinterpret_cast<T*>(mutable_raw());
  }

  // Gives the tensor these sizes and memory for them; keeps its block when it is its only owner and it is large enough.
  void Allocate(const Dims& dims, DType dtype, Allocator& allocator);
  // As above with meta().dims and meta().dtype.
  void Allocate(Allocator& allocator);
  // Places the tensor at `offset` of `buffer`, which must have room for meta().
  void Bind(BufferPtr buffer, size_t offset);
  // The same bytes, sizes and LoD as `other`.
  void ShareFrom(const Tensor& other) { *this = other; }
  // The same bytes under this tensor's own meta.
  void ShareBytes(const Tensor& other);
  // Own bytes, copied.
  void CopyFrom(const Tensor& other, Allocator& allocator = SystemAllocator());
  // Lets go of the bytes; the meta stays.
  void Release() {
    buffer_.reset();
    data_ = nullptr;
  }

  const BufferPtr& buffer() const { return buffer_; }
  size_t offset() const { return static_cast<size_t>(data_ - buffer_->data()); }

 private:
  void CheckType(DType wanted) const {
    if (wanted != meta_.dtype) [[unlikely]]
      ThrowDType(meta_.dtype, NameOf(wanted));
  }

  TensorMeta meta_;
  BufferPtr buffer_;
  std::byte* data_ = nullptr;
};

// The elements of an integer tensor on the host as int64. Throws unless it is int32 or int64.
std::vector<int64_t> ToInt64s(const Tensor& tensor);

}  // namespace paddle
