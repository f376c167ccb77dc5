#include "paddle/tensor/stream.h"

#include <bit>

#include "framework.pb.h"
#include "paddle/tensor/transfer.h"

namespace paddle {

static_assert(std::endian::native == std::endian::little, "the streams are written as the machine's own numbers");

namespace {

constexpr int64_t kMaxDescBytes = 4096;
constexpr uint64_t kMaxLodLevels = 64;

template <class T>
void WriteNumber(T value, ByteSink* sink) {
  sink->Write(&value, sizeof(value));
}

template <class T>
T ReadNumber(ByteSource* source) {
  T value;
  source->Read(&value, sizeof(value));
  return value;
}

void ReadVersion(ByteSource* source, const char* what) {
  const auto version = ReadNumber<uint32_t>(source);
  Require(version == 0, source->name(), " has no ", what, " where one is expected: version ", version,
          ", but only 0 exists");
}

struct Header {
  DType dtype;
  Dims dims;
  uint64_t bytes = 0;  // of the data, all of which the source has
};

Header ReadHeader(ByteSource* source) {
  ReadVersion(source, "tensor");
  const auto size = ReadNumber<int32_t>(source);
  Require(size >= 0 && size <= kMaxDescBytes && static_cast<uint64_t>(size) <= source->remaining(), source->name(),
          " has a tensor description of ", size, " bytes, which is not possible");
  std::string text(static_cast<size_t>(size), '\0');
  source->Read(text.data(), text.size());
  proto::VarType::TensorDesc desc;
  Require(desc.ParseFromString(text) && desc.has_data_type(), source->name(),
          " has a tensor description that is no TensorDesc message");
  const auto dtype = ToDType(desc.data_type());
  Require(dtype.has_value(), source->name(), " has a tensor of element type number ", desc.data_type(),
          ", which this version does not know");
  Require(desc.dims_size() <= kMaxRank, source->name(), " has a tensor of rank ", desc.dims_size(), "; at most ",
          kMaxRank, " is possible");
  Header header{*dtype, Dims(std::vector<int64_t>(desc.dims().begin(), desc.dims().end()))};
  Require(header.dims.known(), source->name(), " has a tensor of the unknown size ", header.dims);
  const int64_t count = header.dims.numel();
  Require(static_cast<uint64_t>(count) <= source->remaining() / SizeOf(*dtype), source->name(),
          " ends too early: it has ", source->remaining(), " bytes left for a tensor ", *dtype, header.dims);
  header.bytes = static_cast<uint64_t>(count) * SizeOf(*dtype);
  return header;
}

// A bool that is neither 0 nor 1 is undefined in C++; a file may have any byte.
void NormalizeBools(Tensor* tensor) {
  if (tensor->dtype() != DType::kBool) return;
  std::byte* bytes = tensor->mutable_raw();
  for (size_t i = 0; i < tensor->bytes(); ++i) bytes[i] = std::byte{bytes[i] != std::byte{0}};
}

Lod ReadLod(ByteSource* source) {
  const auto count = ReadNumber<uint64_t>(source);
  Require(count <= kMaxLodLevels, source->name(), " has a tensor with ", count, " LoD levels, which is not possible");
  std::vector<std::vector<int64_t>> levels;
  for (uint64_t level = 0; level < count; ++level) {
    const auto bytes = ReadNumber<uint64_t>(source);
    Require(bytes % sizeof(int64_t) == 0 && bytes <= source->remaining(), source->name(), " has a LoD level of ", bytes,
            " bytes, which is not possible; ", source->remaining(), " are left");
    auto& offsets = levels.emplace_back(bytes / sizeof(int64_t));
    source->Read(offsets.data(), bytes);
  }
  return Lod::FromOffsets(std::move(levels));
}

}  // namespace

void WriteTensor(const Tensor& tensor, ByteSink* sink) {
  Require(tensor.initialized(), "a tensor without a value cannot be written");
  proto::VarType::TensorDesc desc;
  desc.set_data_type(static_cast<int>(tensor.dtype()));
  for (const int64_t size : tensor.dims()) desc.add_dims(size);
  const std::string text = desc.SerializeAsString();
  WriteNumber<uint32_t>(0, sink);
  WriteNumber(static_cast<int32_t>(text.size()), sink);
  sink->Write(text.data(), text.size());
  sink->Write(OnHost(tensor).raw(), tensor.bytes());
}

void WriteLodTensor(const Tensor& tensor, ByteSink* sink) {
  WriteNumber<uint32_t>(0, sink);
  WriteNumber(static_cast<uint64_t>(tensor.lod().levels()), sink);
  for (int level = 0; level < tensor.lod().levels(); ++level) {
    const auto offsets = tensor.lod().offsets(level);
    WriteNumber(static_cast<uint64_t>(offsets.size_bytes()), sink);
    sink->Write(offsets.data(), offsets.size_bytes());
  }
  WriteTensor(tensor, sink);
}

void WriteSelectedRows(const SelectedRows& rows, ByteSink* sink) {
  rows.CheckRows();
  WriteNumber<uint32_t>(0, sink);
  WriteNumber(static_cast<uint64_t>(rows.rows.size()), sink);
  sink->Write(rows.rows.data(), rows.rows.size() * sizeof(int64_t));
  WriteNumber(rows.height(), sink);
  WriteTensor(rows.value, sink);
}

Tensor ReadTensor(ByteSource* source) {
  const Header header = ReadHeader(source);
  Tensor tensor(header.dims, header.dtype);
  source->Read(tensor.mutable_raw(), header.bytes);
  NormalizeBools(&tensor);
  return tensor;
}

Tensor ReadLodTensor(ByteSource* source) {
  ReadVersion(source, "LoDTensor");
  const Lod lod = ReadLod(source);
  Tensor tensor = ReadTensor(source);
  lod.CheckRows(tensor.rank() ? tensor.dim(0) : 0, source->name().c_str());
  tensor.set_lod(lod);
  return tensor;
}

SelectedRows ReadSelectedRows(ByteSource* source) {
  ReadVersion(source, "SelectedRows");
  const auto count = ReadNumber<uint64_t>(source);
  Require(count <= source->remaining() / sizeof(int64_t), source->name(), " has SelectedRows of ", count, " rows, but ",
          source->remaining(), " bytes are left");
  SelectedRows rows;
  rows.rows.resize(count);
  source->Read(rows.rows.data(), count * sizeof(int64_t));
  const auto height = ReadNumber<int64_t>(source);
  Require(height >= 0, source->name(), " has SelectedRows of height ", height);
  for (const int64_t row : rows.rows)
    Require(row >= 0 && row < height, source->name(), " has SelectedRows with row ", row, " of a matrix of ", height,
            " rows");
  rows.value = ReadTensor(source);
  Require(rows.value.rank() >= 1 && rows.value.dim(0) == static_cast<int64_t>(count), source->name(),
          " has SelectedRows of ", count, " rows with a value of shape ", rows.value.dims());
  rows.meta.dtype = rows.value.dtype();
  rows.meta.dims = rows.value.dims();
  rows.set_height(height);
  return rows;
}

Tensor ReadPart(ByteSource* source, int64_t first, const Dims& dims) {
  ReadVersion(source, "LoDTensor");
  ReadLod(source);
  const Header header = ReadHeader(source);
  const int64_t count = header.dims.numel();
  Require(dims.known() && first >= 0 && first <= count && dims.numel() <= count - first, "elements [", first, ", ",
          first, " + size of ", dims, ") are asked for, but ", source->name(), " has a tensor of ", count,
          " elements, ", header.dims);
  source->Skip(static_cast<uint64_t>(first) * SizeOf(header.dtype));
  Tensor tensor(dims, header.dtype);
  source->Read(tensor.mutable_raw(), tensor.bytes());
  NormalizeBools(&tensor);
  source->Skip(header.bytes - static_cast<uint64_t>(first) * SizeOf(header.dtype) - tensor.bytes());
  return tensor;
}

Tensor ToFloat16(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat16) return tensor;
  Tensor out(tensor.dims(), DType::kFloat16);
  out.set_lod(tensor.lod());
  VisitAny(tensor.dtype(), [&]<class T>() {
    const T* from = tensor.data<T>();
    Float16* to = out.mutable_data<Float16>();
    for (int64_t i = 0; i < tensor.numel(); ++i) to[i] = Float16(static_cast<float>(from[i]));
  });
  return out;
}

}  // namespace paddle
