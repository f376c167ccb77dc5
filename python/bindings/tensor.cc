#include "python/bindings/tensor.h"

#include <cstring>

#include "paddle/tensor/transfer.h"
#include "python/bindings/numpy.h"
#include "python/bindings/program.h"

namespace paddle::bindings {

Tensor& TensorHandle::get() const {
  if (item_ == kWhole) return Here(owner_->get<Tensor>());
  if (item_ == kRows) return Here(owner_->get<SelectedRows>().value);
  auto& items = owner_->get<TensorArray>().items;
  Require(item_ < static_cast<int64_t>(items.size()), "item ", item_, " of the array is gone; it has ", items.size());
  return Here(items[static_cast<size_t>(item_)]);
}

// What a run left on a device comes back to the host when Python looks at it; the next run moves it again.
Tensor& TensorHandle::Here(Tensor& tensor) const {
  if (!tensor.place().is_cpu()) MoveTo({}, owner_.get());
  return tensor;
}

Tensor& TensorHandle::Free() const {
  CheckFree(scope_);
  return get();
}

void TensorHandle::Changed() const {
  if (item_ != kRows) return;
  auto& rows = owner_->get<SelectedRows>();
  const int64_t height = rows.height();
  rows.meta.dtype = rows.value.dtype();
  rows.meta.dims = rows.value.dims();
  rows.set_height(height);
}

namespace {

std::vector<std::vector<int64_t>> ToLevels(const py::iterable& levels) {
  std::vector<std::vector<int64_t>> out;
  for (const auto& level : levels) out.push_back(level.cast<std::vector<int64_t>>());
  return out;
}

int64_t Rows(const Tensor& tensor) { return tensor.rank() ? tensor.dim(0) : 0; }

void SetLod(const TensorHandle& self, const Lod& lod) {
  Tensor& tensor = self.Free();
  if (tensor.initialized()) lod.CheckRows(Rows(tensor), "the tensor");
  tensor.set_lod(lod);
}

bool HasValidLod(const TensorHandle& self) {
  const Tensor& tensor = self.get();
  return tensor.lod().empty() || !tensor.initialized() || tensor.lod().rows() == Rows(tensor);
}

// New numbers where the old ones are; false where they do not fit.
bool Overwrite(const Tensor& given, Tensor& tensor) {
  if (!tensor.initialized() || tensor.dims() != given.dims() || tensor.dtype() != given.dtype()) return false;
  if (given.bytes()) std::memcpy(tensor.mutable_raw(), given.raw(), given.bytes());
  tensor.buffer()->MarkWritten();  // once more: a run may have packed it meanwhile
  return true;
}

// Whether a copy of the array is made in the tensor's own memory, with no moment at which there is room for both: while
// a run reads it, which may see some of each, as in Fluid, but not for integers, as kernels check indices before they
// use them; else where nobody but the tensor has that memory.
bool SetInPlace(const TensorHandle& self, const py::array& array, bool zero_copy) {
  Tensor& tensor = self.get();
  if (self.in_use()
          ? !IsFloating(tensor.dtype())
          : zero_copy || !tensor.initialized() || tensor.buffer().use_count() != 1 || !tensor.place().is_cpu())
    return false;
  return Overwrite(FromArray(array, false), tensor);
}

// Keeps the LoD, as Fluid does; scripts set it before or after.
void SetArray(const TensorHandle& self, const py::object& array, const py::object& place, bool zero_copy) {
  CheckPlace(place);
  const auto numpy_array = py::array::ensure(array);
  if (!numpy_array) {
    PyErr_Clear();
    throw InvalidArgument(StrCat("expected a numpy.ndarray, got ", py::repr(py::type::of(array)).cast<std::string>()));
  }
  if (SetInPlace(self, numpy_array, zero_copy)) return;
  Tensor fresh = FromArray(numpy_array, !zero_copy);
  Tensor& tensor = self.Free();
  fresh.set_lod(tensor.lod());
  tensor = std::move(fresh);
  self.Changed();
}

py::object AsArray(const TensorHandle& self, const py::object& dtype, const py::object& copy) {
  const bool view = !copy.is_none() && !copy.cast<bool>();
  py::array array = ToArray(self.get(), !view);
  if (dtype.is_none() || array.dtype().equal(dtype)) return array;
  Require(!view, "a view of the tensor in another element type is not possible; allow the copy");
  return array.attr("astype")(dtype);
}

std::vector<int64_t> ShapeOf(const TensorHandle& self) {
  const Tensor& tensor = self.get();
  if (!tensor.initialized() && tensor.rank() == 0) return {0};
  return tensor.dims().ToVector();
}

void SetDims(const TensorHandle& self, const std::vector<int64_t>& sizes) {
  const Dims dims(sizes);
  Require(dims.known(), "a tensor cannot have the unknown size ", dims);
  Tensor& tensor = self.Free();
  const size_t bytes = BytesOf(tensor.dtype(), dims);
  if (tensor.initialized() && bytes > tensor.buffer()->size() - tensor.offset()) tensor.Release();
  tensor.meta().dims = dims;
  self.Changed();
}

template <class T>
T* Element(const TensorHandle& self, int64_t i) {
  Tensor& tensor = self.get();
  Require(tensor.initialized(), "the tensor holds no value yet");
  if (i < 0 || i >= tensor.numel()) throw py::index_error(StrCat("element ", i, " of a tensor of ", tensor.numel()));
  return tensor.mutable_data<T>() + i;
}

template <class T>
void SetElement(const TensorHandle& self, int64_t i, T value) {
  *Element<T>(self, i) = value;
}

template <DType kType>
void Alloc(const TensorHandle& self, const py::object& place) {
  CheckPlace(place);
  self.Free().Allocate(self.get().dims(), kType, SystemAllocator());
  self.Changed();
}

uintptr_t MutableData(const TensorHandle& self, const py::object& place, const py::object& dtype) {
  CheckPlace(place);
  const auto wanted = ToDType(static_cast<int>(ToVarType(dtype)));
  Require(wanted.has_value(), "no tensor has the element type ", py::str(dtype).cast<std::string>());
  self.Free().Allocate(self.get().dims(), *wanted, SystemAllocator());
  self.get().buffer()->MarkExposed();
  self.Changed();
  return reinterpret_cast<uintptr_t>(self.get().mutable_raw());
}

// Fluid's slicing: a number selects but keeps its dimension with size 1.
py::object Slice(const TensorHandle& self, const py::object& index) {
  const py::tuple parts = py::isinstance<py::tuple>(index) ? py::tuple(index) : py::make_tuple(index);
  const Tensor& tensor = self.get();
  if (static_cast<int>(parts.size()) > tensor.rank())
    throw py::index_error(StrCat("too many indices for a tensor of shape ", tensor.dims()));
  py::list slices;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (py::isinstance<py::slice>(parts[i])) {
      slices.append(parts[i]);
      continue;
    }
    if (!PyIndex_Check(parts[i].ptr())) throw py::index_error("a tensor is indexed by numbers and slices");
    const auto at = parts[i].cast<int64_t>();
    const int64_t size = tensor.dim(static_cast<int>(i));
    if (at < -size || at >= size) throw py::index_error(StrCat("index ", at, " is out of range for the size ", size));
    const int64_t from = at < 0 ? at + size : at;
    slices.append(py::slice(from, from + 1, 1));
  }
  const py::array selected = ToArray(tensor, false)[py::tuple(slices)];
  return py::cast(TensorHandle(FromArray(selected, true)));
}

std::string Text(const TensorHandle& self) {
  const Tensor& tensor = self.get();
  if (!tensor.initialized()) return StrCat(tensor.meta(), " without a value");
  const py::object text =
      py::module_::import("numpy").attr("array2string")(ToArray(tensor, true), py::arg("threshold") = 1000);
  return StrCat("  lod: ", tensor.lod(), "\n  shape: ", tensor.dims(), "\n  dtype: ", tensor.dtype(),
                "\n  data: ", text.cast<std::string>(), '\n');
}

void BindContent(py::class_<TensorHandle>& type) {
  type.def("set", SetArray, py::arg("array"), py::arg("place") = py::none(), py::arg("zero_copy") = false,
           "Takes the array's content: a copy, or with zero_copy its memory, which must then not be written while the "
           "tensor is in use.")
      .def("__array__", AsArray, py::arg("dtype") = py::none(), py::arg("copy") = py::none(),
           "A copy, unless copy=False asks for a view.")
      .def(
          "numpy", [](const TensorHandle& self, bool copy) { return ToArray(self.get(), copy); },
          py::arg("copy") = true)
      .def("__getitem__", Slice, "A copy of the part; a number keeps its dimension with size 1.")
      .def("_set_float_element", SetElement<float>)
      .def("_get_float_element", [](const TensorHandle& self, int64_t i) { return *Element<float>(self, i); })
      .def("_set_double_element", SetElement<double>)
      .def("_get_double_element", [](const TensorHandle& self, int64_t i) { return *Element<double>(self, i); })
      .def("_alloc_float", Alloc<DType::kFloat32>, py::arg("place") = py::none())
      .def("_alloc_double", Alloc<DType::kFloat64>, py::arg("place") = py::none())
      .def("_alloc_int", Alloc<DType::kInt32>, py::arg("place") = py::none())
      .def("_mutable_data", MutableData, py::arg("place"), py::arg("dtype"), "Makes room and returns its address.")
      .def("_clear", [](const TensorHandle& self) { self.Free().Release(); })
      .def("_share_data_with",
           [](const TensorHandle& self, const TensorHandle& other) {
             self.Free().ShareFrom(other.get());
             self.Changed();
           })
      .def(
          "_copy",
          [](const TensorHandle& self, const py::object& place) {
            CheckPlace(place);
            Require(self.get().initialized(), "the tensor holds no value yet");
            Tensor copy;
            copy.CopyFrom(self.get());
            return TensorHandle(std::move(copy));
          },
          py::arg("place") = py::none())
      .def("__str__", Text);
}

void BindMeta(py::class_<TensorHandle>& type) {
  const auto check = [](const TensorHandle& self) -> Tensor& {
    Require(self.get().initialized(), "the tensor holds no value yet");
    return self.get();
  };
  type.def("shape", ShapeOf)
      .def("_get_dims", ShapeOf)
      .def("_set_dims", SetDims)
      .def("_set_layout", [](const TensorHandle&, const py::object&) {})
      .def("_dtype", [check](const TensorHandle& self) { return static_cast<VarType>(check(self).dtype()); })
      .def("_place", [check](const TensorHandle& self) { return check(self).place(); })
      .def("_is_initialized", [](const TensorHandle& self) { return self.get().initialized(); })
      .def("_nbytes", [](const TensorHandle& self) { return self.get().initialized() ? self.get().bytes() : 0; })
      .def(
          "lod", [](const TensorHandle& self) { return self.get().lod().ToOffsets(); },
          "The LoD as offsets, outermost level first.")
      .def(
          "set_lod",
          [](const TensorHandle& self, const py::iterable& levels) {
            SetLod(self, Lod::FromOffsets(ToLevels(levels)));
          },
          py::arg("lod"))
      .def("recursive_sequence_lengths", [](const TensorHandle& self) { return self.get().lod().ToLengths(); })
      .def(
          "set_recursive_sequence_lengths",
          [](const TensorHandle& self, const py::iterable& levels) {
            SetLod(self, Lod::FromLengths(ToLevels(levels)));
          },
          py::arg("recursive_sequence_lengths"))
      .def("has_valid_recursive_sequence_lengths", HasValidLod);
}

}  // namespace

void BindTensor(py::module_& m) {
  py::class_<TensorHandle> type(m, "LoDTensor", "A dense array with the grouping of its rows (LoD).");
  type.def(py::init<>())
      .def(py::init([](const py::iterable& levels) {
             TensorHandle self;
             self.get().set_lod(Lod::FromLengths(ToLevels(levels)));
             return self;
           }),
           py::arg("recursive_sequence_lengths"));
  BindContent(type);
  BindMeta(type);
  m.attr("Tensor") = type;
  m.def(
      "from_numpy", [](const py::array& array, bool zero_copy) { return TensorHandle(FromArray(array, !zero_copy)); },
      py::arg("array"), py::arg("zero_copy") = true,
      "A tensor over the array's memory, which must not be written while the tensor is in use.");
}

}  // namespace paddle::bindings
