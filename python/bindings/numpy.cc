#include "python/bindings/numpy.h"

#include <cstring>
#include <optional>

namespace paddle::bindings {
namespace {

std::optional<DType> FromNumpyType(const py::dtype& dtype) {
  const auto size = dtype.itemsize();
  switch (dtype.kind()) {
    case 'b':
      return DType::kBool;
    case 'i':
      return size == 1 ? DType::kInt8 : size == 2 ? DType::kInt16 : size == 4 ? DType::kInt32 : DType::kInt64;
    case 'u':
      if (size == 1) return DType::kUInt8;
      if (size == 2) return DType::kBFloat16;  // NumPy has no bfloat16: its bits
      return std::nullopt;
    case 'f':
      if (size == 2) return DType::kFloat16;
      if (size == 4) return DType::kFloat32;
      if (size == 8) return DType::kFloat64;
      return std::nullopt;
    default:  // the bfloat16 of other packages calls itself so
      if (size == 2 && py::str(dtype.attr("name")).cast<std::string>() == "bfloat16") return DType::kBFloat16;
      return std::nullopt;
  }
}

py::dtype ToNumpyType(DType dtype) {
  return py::dtype(dtype == DType::kBFloat16 ? "uint16" : std::string(NameOf(dtype)));
}

}  // namespace

BufferPtr BorrowMemory(py::object owner, std::byte* data, size_t bytes) {
  auto* held = new py::object(std::move(owner));
  return std::make_shared<Buffer>(data, bytes, Place{}, [held](std::byte*, size_t) {
    if (!Py_IsInitialized()) return;  // the interpreter took its objects with it
    py::gil_scoped_acquire gil;
    delete held;
  });
}

Tensor FromArray(const py::array& array, bool copy) {
  const auto dtype = FromNumpyType(array.dtype());
  if (!dtype)  // the text takes longer than all the rest
    throw InvalidArgument(StrCat(
        "an array of ", py::str(array.dtype()).cast<std::string>(),
        " cannot become a tensor; expected bool, int8, uint8, int16, int32, int64, float16, float32, float64, or "
        "uint16 for the bits of bfloat16"));
  py::array dense = array;
  if (!py::cast<bool>(array.dtype().attr("isnative"))) {
    dense = py::array(array.attr("astype")(array.dtype().attr("newbyteorder")("=")));
    copy = false;  // nobody else has it
  }
  const bool aligned = reinterpret_cast<uintptr_t>(dense.data()) % static_cast<size_t>(dense.itemsize()) == 0;
  if (!(dense.flags() & py::array::c_style) || !aligned) {
    dense =
        py::array(py::module_::import("numpy").attr("array")(dense, py::arg("order") = "C", py::arg("copy") = true));
    copy = false;
  }
  Tensor tensor;
  tensor.meta().dtype = *dtype;
  tensor.meta().dims = Dims(std::vector<int64_t>(dense.shape(), dense.shape() + dense.ndim()));
  if (copy || !dense.writeable()) {
    tensor.Allocate(SystemAllocator());
    if (tensor.bytes()) std::memcpy(tensor.mutable_raw(), dense.data(), tensor.bytes());
  } else {
    auto* data = static_cast<std::byte*>(dense.mutable_data());
    BufferPtr buffer = BorrowMemory(dense, data, tensor.bytes());
    buffer->MarkExposed();
    tensor.Bind(std::move(buffer), 0);
  }
  return tensor;
}

py::array ToArray(const Tensor& tensor, bool copy) {
  Require(tensor.initialized(), "the tensor holds no value yet");
  Require(tensor.place().is_cpu(), "the tensor is on ", tensor.place(), "; copy it to the CPU first");
  const py::dtype dtype = ToNumpyType(tensor.dtype());
  const std::vector<py::ssize_t> shape(tensor.dims().begin(), tensor.dims().end());
  if (copy) return py::array(dtype, shape, tensor.raw());
  auto* owner = new Tensor(tensor);
  owner->buffer()->MarkExposed();
  const py::capsule base(owner, [](void* held) { delete static_cast<Tensor*>(held); });
  return py::array(dtype, shape, tensor.raw(), base);
}

}  // namespace paddle::bindings
