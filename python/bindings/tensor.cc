#include "python/bindings/tensor.h"

#include <cstring>

#include "paddle/tensor/blocking_queue.h"

namespace paddle::bindings {
namespace {

std::optional<DType> FromNumpyType(const py::dtype& dtype) {
  const char kind = dtype.kind();
  const auto size = dtype.itemsize();
  if (kind == 'b') return DType::kBool;
  if (kind == 'i' && size == 1) return DType::kInt8;
  if (kind == 'i' && size == 2) return DType::kInt16;
  if (kind == 'i' && size == 4) return DType::kInt32;
  if (kind == 'i' && size == 8) return DType::kInt64;
  if (kind == 'u' && size == 1) return DType::kUInt8;
  if (kind == 'u' && size == 2) return DType::kBFloat16;  // the bits, as Fluid's users have always handed them over
  if (kind == 'f' && size == 2) return DType::kFloat16;
  if (kind == 'f' && size == 4) return DType::kFloat32;
  if (kind == 'f' && size == 8) return DType::kFloat64;
  return std::nullopt;
}

// Keeps a Python object alive as long as the buffer; lets go of it with the GIL held.
BufferPtr BorrowMemory(py::object owner, std::byte* data, size_t bytes) {
  auto* held = new py::object(std::move(owner));
  return std::make_shared<Buffer>(data, bytes, Place{}, [held](std::byte*, size_t) {
    if (!Py_IsInitialized()) return;  // the interpreter took its objects with it
    py::gil_scoped_acquire gil;
    delete held;
  });
}

Place ToPlace(const py::object& place) { return place.is_none() ? Place{} : place.cast<Place>(); }

std::vector<std::vector<int64_t>> ToLevels(const py::iterable& levels) {
  std::vector<std::vector<int64_t>> out;
  for (const auto& level : levels) out.push_back(level.cast<std::vector<int64_t>>());
  return out;
}

void SetLod(Tensor& self, const Lod& lod) {
  if (self.initialized()) lod.CheckRows(self.rank() ? self.dim(0) : 0, "the tensor");
  self.set_lod(lod);
}

void SetArray(Tensor& self, const py::array& array, const py::object& place) {
  Require(ToPlace(place).is_cpu(), "this build has no other memory than the CPU's");
  Tensor fresh = FromArray(array, true);
  Lod lod = self.lod();
  if (!lod.empty() && lod.rows() != (fresh.rank() ? fresh.dim(0) : 0)) lod = {};  // Fluid's scripts set the LoD afterwards
  self = std::move(fresh);
  self.set_lod(lod);
}

template <class T>
void BindTensorMethods(py::class_<T>& type) {
  type.def("set", SetArray, py::arg("array"), py::arg("place") = py::none(), "Copies the array into the tensor.")
      .def("__array__", [](const Tensor& self, const py::object& dtype, const py::object&) -> py::object {
        py::array array = ToArray(self, true);
        return dtype.is_none() ? py::object(array) : array.attr("astype")(dtype);
      }, py::arg("dtype") = py::none(), py::arg("copy") = py::none())
      .def("numpy", [](const Tensor& self, bool copy) { return ToArray(self, copy); }, py::arg("copy") = true)
      .def("shape", [](const Tensor& self) { return self.dims().ToVector(); })
      .def("_get_dims", [](const Tensor& self) { return self.dims().ToVector(); })
      .def("_set_dims", [](Tensor& self, const std::vector<int64_t>& dims) {
        const Dims wanted(dims);
        Require(wanted.known(), "a tensor cannot have the unknown size ", wanted);
        if (self.initialized() && wanted.numel() * SizeOf(self.dtype()) > self.buffer()->size() - self.offset()) self.Release();
        self.meta().dims = wanted;
      })
      .def("_dtype", [](const Tensor& self) { return py::module_::import("paddle._core").attr("VarDesc").attr("VarType")(static_cast<int>(self.dtype())); })
      .def("_is_initialized", &Tensor::initialized)
      .def("_clear", &Tensor::Release)
      .def("_place", &Tensor::place)
      .def("_share_data_with", [](Tensor& self, const Tensor& other) { self.ShareFrom(other); })
      .def("_alloc_float", [](Tensor& self, const py::object&) { self.Allocate(self.dims(), DType::kFloat32, SystemAllocator()); }, py::arg("place") = py::none())
      .def("_alloc_double", [](Tensor& self, const py::object&) { self.Allocate(self.dims(), DType::kFloat64, SystemAllocator()); }, py::arg("place") = py::none())
      .def("_alloc_int", [](Tensor& self, const py::object&) { self.Allocate(self.dims(), DType::kInt32, SystemAllocator()); }, py::arg("place") = py::none())
      .def("_set_float_element", [](Tensor& self, int64_t i, float value) {
        Require(i >= 0 && i < self.numel() && self.initialized(), "element ", i, " is out of range");
        self.mutable_data<float>()[i] = value;
        self.buffer()->MarkWritten();
      })
      .def("_get_float_element", [](const Tensor& self, int64_t i) {
        Require(i >= 0 && i < self.numel() && self.initialized(), "element ", i, " is out of range");
        return self.data<float>()[i];
      })
      .def("_set_double_element", [](Tensor& self, int64_t i, double value) {
        Require(i >= 0 && i < self.numel() && self.initialized(), "element ", i, " is out of range");
        self.mutable_data<double>()[i] = value;
        self.buffer()->MarkWritten();
      })
      .def("_get_double_element", [](const Tensor& self, int64_t i) {
        Require(i >= 0 && i < self.numel() && self.initialized(), "element ", i, " is out of range");
        return self.data<double>()[i];
      })
      .def("__getitem__", [](const Tensor& self, const py::object& index) { return ToArray(self, true)[index]; })
      .def("lod", [](const Tensor& self) { return self.lod().ToOffsets(); })
      .def("set_lod", [](Tensor& self, const py::iterable& levels) { SetLod(self, Lod::FromOffsets(ToLevels(levels))); }, "Sets the LoD from offsets.")
      .def("recursive_sequence_lengths", [](const Tensor& self) { return self.lod().ToLengths(); })
      .def("set_recursive_sequence_lengths", [](Tensor& self, const py::iterable& levels) { SetLod(self, Lod::FromLengths(ToLevels(levels))); },
           "Sets the LoD from lengths.")
      .def("has_valid_recursive_sequence_lengths", [](const Tensor& self) { return self.lod().empty() || self.lod().rows() == self.dim(0); })
      .def("_copy", [](const Tensor& self, const py::object&) {
        Tensor copy;
        copy.CopyFrom(self);
        return copy;
      }, py::arg("place") = py::none())
      .def("_nbytes", &Tensor::bytes)
      .def("__str__", [](const Tensor& self) {
        std::string text = StrCat(self.meta(), '\n');
        if (!self.initialized()) return text + "  (holds no value yet)";
        return text + py::str(ToArray(self, false)).cast<std::string>();
      });
}

void BindPlaces(py::module_& m) {
  py::class_<Place>(m, "Place")
      .def(py::init<>())
      .def("is_cpu_place", &Place::is_cpu)
      .def("is_gpu_place", &Place::is_cuda)
      .def("is_cuda_pinned_place", [](const Place& self) { return self.device == DeviceType::kCudaPinned; })
      .def("gpu_device_id", [](const Place& self) { return self.index; })
      .def("set_place", [](Place& self, const Place& other) { self = other; })
      .def("_type", [](const Place& self) { return static_cast<int>(self.device); })
      .def("_equals", [](const Place& self, const Place& other) { return self == other; })
      .def("__eq__", [](const Place& self, const Place& other) { return self == other; })
      .def("__hash__", [](const Place& self) { return std::hash<int>()(static_cast<int>(self.device) * 64 + self.index); })
      .def("__str__", [](const Place& self) { return StrCat(self); })
      .def("__repr__", [](const Place& self) { return StrCat(self); });
}

// Fluid's names for the places; all are Place.
struct CpuPlace : Place {};
struct CudaPlace : Place {};
struct CudaPinnedPlace : Place {};

void BindNamedPlaces(py::module_& m) {
  py::class_<CpuPlace, Place>(m, "CPUPlace").def(py::init<>());
  py::class_<CudaPlace, Place>(m, "CUDAPlace").def(py::init([](int index) {
    Require(index >= 0, "a device number must not be negative, got ", index);
    CudaPlace place;
    place.device = DeviceType::kCuda;
    place.index = index;
    return place;
  }));
  py::class_<CudaPinnedPlace, Place>(m, "CUDAPinnedPlace").def(py::init([] {
    CudaPinnedPlace place;
    place.device = DeviceType::kCudaPinned;
    return place;
  }));
}

void BindSelectedRows(py::module_& m) {
  py::class_<SelectedRows>(m, "SelectedRows")
      .def(py::init<>())
      .def(py::init([](const std::vector<int64_t>& rows, int64_t height) {
        SelectedRows self;
        self.rows = rows;
        self.set_height(height);
        return self;
      }))
      .def("rows", [](const SelectedRows& self) { return self.rows; })
      .def("set_rows", [](SelectedRows& self, const std::vector<int64_t>& rows) { self.rows = rows; })
      .def("height", &SelectedRows::height)
      .def("set_height", &SelectedRows::set_height)
      .def("numel", [](const SelectedRows& self) { return self.value.numel(); })
      .def("sync_index", [](SelectedRows&) {})
      .def("get_tensor", [](SelectedRows& self) { return &self.value; }, py::return_value_policy::reference_internal)
      .def("__str__", [](const SelectedRows& self) { return StrCat(self.meta, " rows ", self.rows); });
}

void BindTensorArray(py::module_& m) {
  py::class_<TensorArray>(m, "LoDTensorArray")
      .def(py::init<>())
      .def("__len__", [](const TensorArray& self) { return self.items.size(); })
      .def("__getitem__", [](TensorArray& self, size_t i) -> Tensor& {
        if (i >= self.items.size()) throw py::index_error();
        return self.items[i];
      }, py::return_value_policy::reference_internal)
      .def("__setitem__", [](TensorArray& self, size_t i, const Tensor& tensor) {
        if (i >= self.items.size()) throw py::index_error();
        self.items[i] = tensor;
      })
      .def("append", [](TensorArray& self, const Tensor& tensor) { self.items.push_back(tensor); })
      .def("_move_to_list", [](TensorArray& self) {
        py::list out;
        for (Tensor& tensor : self.items) out.append(py::cast(std::move(tensor)));
        self.items.clear();
        return out;
      });
}

void BindQueue(py::module_& m) {
  py::class_<BlockingQueue, std::shared_ptr<BlockingQueue>>(m, "LoDTensorBlockingQueue")
      .def("push", [](BlockingQueue& self, const TensorArray& batch) { return self.Push(batch.items); }, py::call_guard<py::gil_scoped_release>())
      .def("pop", [](BlockingQueue& self) -> py::object {
        std::optional<std::vector<Tensor>> batch;
        {
          py::gil_scoped_release release;
          batch = self.Pop();
        }
        if (!batch) return py::none();
        TensorArray array;
        array.items = std::move(*batch);
        return py::cast(std::move(array));
      }, "The next batch as a LoDTensorArray; None at the end.")
      .def("size", &BlockingQueue::size)
      .def("capacity", &BlockingQueue::capacity)
      .def("close", &BlockingQueue::Close)
      .def("kill", [](BlockingQueue& self, const std::string& message) { self.Fail(message); }, py::arg("message") = "the reader was killed")
      .def("reopen", &BlockingQueue::Reopen)
      .def("is_closed", &BlockingQueue::closed);
  m.def("init_lod_tensor_blocking_queue", [](Variable& variable, size_t capacity, bool) {
    auto queue = std::make_shared<BlockingQueue>(capacity);
    variable.Become<Opaque>().value = queue;
    return queue;
  }, py::arg("variable"), py::arg("capacity"), py::arg("ordered") = false);
  m.def("make_queue", [](size_t capacity) { return std::make_shared<BlockingQueue>(capacity); });
}

}  // namespace

py::dtype ToNumpyType(DType dtype) { return py::dtype(dtype == DType::kBFloat16 ? "uint16" : std::string(NameOf(dtype))); }

Tensor FromArray(const py::array& array, bool copy) {
  const auto dtype = FromNumpyType(array.dtype());
  Require(dtype.has_value(), "an array of type ", py::str(array.dtype()).cast<std::string>(),
          " cannot become a tensor; types: bool, int8, uint8, int16, int32, int64, float16, float32, float64");
  py::array dense = array;
  const bool swapped = !py::cast<bool>(array.dtype().attr("isnative"));
  if (swapped) dense = py::array(array.attr("astype")(array.dtype().attr("newbyteorder")("=")));
  if (!(dense.flags() & py::array::c_style) || reinterpret_cast<uintptr_t>(dense.data()) % static_cast<size_t>(dense.itemsize()) != 0)
    dense = py::array(py::module_::import("numpy").attr("array")(dense, py::arg("order") = "C", py::arg("copy") = true));
  Tensor tensor;
  tensor.meta().dtype = *dtype;
  tensor.meta().dims = Dims(std::vector<int64_t>(dense.shape(), dense.shape() + dense.ndim()));
  if (copy) {
    tensor.Allocate(SystemAllocator());
    if (tensor.bytes()) std::memcpy(tensor.mutable_raw(), dense.data(), tensor.bytes());
  } else {
    auto* data = static_cast<std::byte*>(const_cast<void*>(dense.data()));
    tensor.Bind(BorrowMemory(dense, data, tensor.bytes()), 0);
  }
  return tensor;
}

py::array ToArray(const Tensor& tensor, bool copy) {
  Require(tensor.initialized(), "the tensor holds no value yet");
  const py::dtype dtype = ToNumpyType(tensor.dtype());
  std::vector<py::ssize_t> shape(tensor.dims().begin(), tensor.dims().end());
  if (copy) return py::array(dtype, shape, tensor.raw());
  auto* owner = new Tensor(tensor);
  owner->buffer()->MarkExposed();
  py::capsule base(owner, [](void* held) { delete static_cast<Tensor*>(held); });
  return py::array(dtype, shape, tensor.raw(), base);
}

py::object ToPython(Variable&& variable) {
  if (variable.holds<Tensor>()) return py::cast(std::move(variable.get<Tensor>()));
  if (variable.holds<SelectedRows>()) return py::cast(std::move(variable.get<SelectedRows>()));
  return py::cast(std::move(variable.get<TensorArray>()));
}

void BindTensor(py::module_& m) {
  BindPlaces(m);
  BindNamedPlaces(m);
  py::class_<Tensor> tensor(m, "LoDTensor");
  tensor.def(py::init<>()).def(py::init([](const py::iterable& levels) {
    Tensor self;
    self.set_lod(Lod::FromLengths(ToLevels(levels)));
    return self;
  }));
  BindTensorMethods(tensor);
  m.attr("Tensor") = tensor;
  m.def("from_numpy", [](const py::array& array, bool zero_copy) { return FromArray(array, !zero_copy); }, py::arg("array"), py::arg("zero_copy") = true,
        "A tensor over the array's memory, which must not be written while the tensor is in use.");
  BindSelectedRows(m);
  BindTensorArray(m);
  BindQueue(m);
}

}  // namespace paddle::bindings
