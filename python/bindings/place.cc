#include "paddle/device/place.h"

#include "paddle/base/errors.h"
#include "paddle/device/device.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

// Fluid's names for the places; each is a Place.
struct CpuPlace : Place {};
struct CudaPlace : Place {};
struct CudaPinnedPlace : Place {};

// Fluid's numbers of the kinds.
int TypeNumber(const Place& place) { return place.is_cuda() ? 0 : place.is_cpu() ? 1 : 2; }

CudaPlace MakeCudaPlace(int index) {
  Require(index >= 0, "a device number must not be negative, got ", index);
  CudaPlace place;
  place.device = DeviceType::kCuda;
  place.index = index;
  return place;
}

CudaPinnedPlace MakePinnedPlace() {
  CudaPinnedPlace place;
  place.device = DeviceType::kCudaPinned;
  return place;
}

}  // namespace

void CheckPlace(const py::object& object) {
  if (object.is_none()) return;
  if (!py::isinstance<Place>(object))
    throw InvalidArgument(StrCat("expected a place like fluid.CPUPlace(), got ", py::repr(object).cast<std::string>()));
  const auto& place = object.cast<const Place&>();
  if (place.is_cuda()) MakeContext(place);
}

void BindPlaces(py::module_& m) {
  py::class_<Place>(m, "Place", "Where a tensor lives and an op runs.")
      .def(py::init<>())
      .def("is_cpu_place", &Place::is_cpu)
      .def("is_gpu_place", &Place::is_cuda)
      .def("is_cuda_pinned_place", [](const Place& self) { return self.device == DeviceType::kCudaPinned; })
      .def("gpu_device_id",
           [](const Place& self) {
             Require(self.is_cuda(), self, " is no GPU");
             return self.index;
           })
      .def("set_place", [](Place& self, const Place& other) { self = other; })
      .def("_type", TypeNumber)
      .def("_equals", [](const Place& self, const Place& other) { return self == other; })
      .def(
          "__eq__", [](const Place& self, const Place& other) { return self == other; }, py::is_operator())
      .def("__hash__",
           [](const Place& self) { return std::hash<int>()(static_cast<int>(self.device) * 64 + self.index); })
      .def("__str__", [](const Place& self) { return StrCat(self); })
      .def("__repr__", [](const Place& self) { return StrCat(self); });
  py::class_<CpuPlace, Place>(m, "CPUPlace").def(py::init<>());
  py::class_<CudaPlace, Place>(m, "CUDAPlace").def(py::init(&MakeCudaPlace), py::arg("index"));
  py::class_<CudaPinnedPlace, Place>(m, "CUDAPinnedPlace").def(py::init(&MakePinnedPlace));
}

}  // namespace paddle::bindings
