// Exchange of tensors with other frameworks in one process, by the DLPack structures (https://dmlc.github.io/dlpack).

#include <cstring>

#include "python/bindings/numpy.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

// The published layout, version 0.x ("dltensor" capsules).
struct DLDevice {
  int32_t type;
  int32_t id;
};
constexpr int32_t kDLCpu = 1;

struct DLDataType {
  uint8_t code, bits;
  uint16_t lanes;
};
enum DLCode : uint8_t { kDLInt = 0, kDLUInt = 1, kDLFloat = 2, kDLBfloat = 4, kDLBool = 6 };

struct DLTensor {
  void* data;
  DLDevice device;
  int32_t rank;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;  // in elements; null: dense
  uint64_t byte_offset;
};

struct DLManagedTensor {
  DLTensor tensor;
  void* context;
  void (*deleter)(DLManagedTensor*);
};

DLDataType ToDL(DType dtype) {
  const auto bits = static_cast<uint8_t>(SizeOf(dtype) * 8);
  switch (dtype) {
    case DType::kBool:
      return {kDLBool, 8, 1};
    case DType::kUInt8:
      return {kDLUInt, 8, 1};
    case DType::kBFloat16:
      return {kDLBfloat, 16, 1};
    case DType::kFloat16:
    case DType::kFloat32:
    case DType::kFloat64:
      return {kDLFloat, bits, 1};
    default:
      return {kDLInt, bits, 1};
  }
}

DType FromDL(const DLDataType& type) {
  constexpr DType kTypes[] = {DType::kBool,  DType::kUInt8,   DType::kInt8,    DType::kInt16,   DType::kInt32,
                              DType::kInt64, DType::kFloat16, DType::kFloat32, DType::kFloat64, DType::kBFloat16};
  for (const DType dtype : kTypes) {
    const DLDataType known = ToDL(dtype);
    if (known.code == type.code && known.bits == type.bits && type.lanes == 1) return dtype;
  }
  throw InvalidArgument(StrCat("the DLPack element type of code ", int{type.code}, ", ", int{type.bits}, " bits, ",
                               type.lanes, " lanes is not taken here"));
}

// What a capsule of ours holds: the structure, and the tensor that keeps the bytes.
struct Exported {
  DLManagedTensor managed;
  Tensor tensor;
  std::vector<int64_t> shape;
};

py::capsule ToDLPack(const TensorHandle& self) {
  Require(self.get().initialized(), "the tensor holds no value yet");
  auto exported = std::make_unique<Exported>();
  exported->tensor = self.get();
  exported->tensor.buffer()->MarkExposed();
  exported->shape = exported->tensor.dims().ToVector();
  exported->managed.tensor = {exported->tensor.mutable_raw(),
                              {kDLCpu, 0},
                              exported->tensor.rank(),
                              ToDL(exported->tensor.dtype()),
                              exported->shape.data(),
                              nullptr,
                              0};
  exported->managed.context = exported.get();
  exported->managed.deleter = [](DLManagedTensor* managed) { delete static_cast<Exported*>(managed->context); };
  // A consumer renames the capsule and calls the deleter itself.
  return py::capsule(&exported.release()->managed, "dltensor", [](PyObject* capsule) {
    if (!PyCapsule_IsValid(capsule, "dltensor")) return;
    auto* managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
    managed->deleter(managed);
  });
}

// Whether the elements lie one after another in row-major order.
bool IsDense(const DLTensor& from, const Dims& dims) {
  if (!from.strides) return true;
  int64_t expected = 1;
  for (int i = dims.rank(); i-- > 0;) {
    if (dims[i] != 1 && from.strides[i] != expected) return false;
    expected *= dims[i];
  }
  return true;
}

void CopyStrided(const DLTensor& from, const Dims& dims, size_t size, int axis, const std::byte* source,
                 std::byte** to) {
  if (axis == dims.rank()) {
    std::memcpy(*to, source, size);
    *to += size;
    return;
  }
  for (int64_t i = 0; i < dims[axis]; ++i)
    CopyStrided(from, dims, size, axis + 1, source + i * from.strides[axis] * static_cast<int64_t>(size), to);
}

Tensor Import(const DLTensor& from, const std::shared_ptr<DLManagedTensor>& owner) {
  if (from.device.type != kDLCpu)
    throw Unimplemented(
        StrCat("the DLPack tensor is on a device of type ", from.device.type, "; this build has the CPU only"));
  Require(from.rank >= 0 && from.rank <= kMaxRank, "the DLPack tensor has ", from.rank,
          " dimensions; expected at most ", kMaxRank);
  const Dims dims(std::vector<int64_t>(from.shape, from.shape + from.rank));
  Require(dims.known(), "the DLPack tensor has the shape ", dims);
  Tensor tensor;
  tensor.meta().dims = dims;
  tensor.meta().dtype = FromDL(from.dtype);
  const size_t size = SizeOf(tensor.dtype());
  auto* data = static_cast<std::byte*>(from.data) + from.byte_offset;
  if (tensor.numel() > 0 && IsDense(from, dims) && reinterpret_cast<uintptr_t>(data) % size == 0) {
    auto buffer = std::make_shared<Buffer>(data, tensor.bytes(), Place{}, [owner](std::byte*, size_t) {});
    buffer->MarkExposed();
    tensor.Bind(std::move(buffer), 0);
    return tensor;
  }
  tensor.Allocate(SystemAllocator());
  std::byte* to = tensor.mutable_raw();
  if (tensor.numel() == 0) return tensor;
  if (from.strides)
    CopyStrided(from, dims, size, 0, data, &to);
  else
    std::memcpy(to, data, tensor.bytes());
  return tensor;
}

TensorHandle FromDLPack(const py::object& source) {
  py::object capsule = py::hasattr(source, "__dlpack__") ? source.attr("__dlpack__")() : source;
  if (!PyCapsule_IsValid(capsule.ptr(), "dltensor"))
    throw InvalidArgument(PyCapsule_IsValid(capsule.ptr(), "used_dltensor")
                              ? "this DLPack capsule was used already; a capsule hands its tensor over once"
                              : "expected a DLPack capsule or an object with __dlpack__");
  auto* managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  PyCapsule_SetName(capsule.ptr(), "used_dltensor");
  const std::shared_ptr<DLManagedTensor> owner(managed, [](DLManagedTensor* held) {
    if (!held->deleter || !Py_IsInitialized()) return;
    const py::gil_scoped_acquire gil;  // the deleter of a Python framework needs it
    held->deleter(held);
  });
  return TensorHandle(Import(managed->tensor, owner));
}

}  // namespace

void BindDLPack(py::module_& m) {
  py::class_<TensorHandle> tensor = m.attr("LoDTensor");
  tensor.def("_to_dlpack", ToDLPack, "A DLPack capsule over the tensor's own memory.")
      .def("__dlpack__", [](const TensorHandle& self, const py::kwargs&) { return ToDLPack(self); })
      .def("__dlpack_device__", [](const TensorHandle&) { return py::make_tuple(kDLCpu, 0); });
  m.def(
      "from_dlpack", FromDLPack, py::arg("capsule"),
      "A LoDTensor over the memory of a DLPack capsule, or of an object with __dlpack__; copied when it is not dense.");
}

}  // namespace paddle::bindings
