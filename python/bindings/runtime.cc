// Switches, threads, memory, and what this build can do.

#include <dlfcn.h>

#include "paddle/base/flags.h"
#include "paddle/device/buffer.h"
#include "paddle/device/device.h"
#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"
#include "python/bindings/program.h"

namespace paddle::bindings {
namespace {

py::dict Flags() {
  py::dict flags;
  for (const Flag& flag : AllFlags())
    flags[py::str("FLAGS_" + flag.name)] = py::make_tuple(flag.value, flag.doc, flag.ignored);
  return flags;
}

py::dict Memory() {
  const MemoryStats stats = CpuMemoryStats();
  py::dict out;
  out["in_use"] = stats.in_use;
  out["peak"] = stats.peak;
  out["allocations"] = stats.allocations;
  return out;
}

void LoadOpLibrary(const std::string& path) {
  if (!dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    throw InvalidArgument(StrCat("the op library cannot be loaded: ", dlerror()));
  Registry::Get().Validate();
}

size_t SizeOfType(const py::object& type) {
  const int number = static_cast<int>(ToVarType(type));
  const auto dtype = ToDType(number);
  Require(dtype.has_value(), "no element type has the number ", number);
  return SizeOf(*dtype);
}

}  // namespace

void BindRuntime(py::module_& m) {
  m.def("set_num_threads", SetNumThreads, py::arg("n"), "Threads that each run uses, 1 to 1024.");
  m.def("get_num_threads", NumThreads);
  m.def(
      "flag", [](const std::string& name) { return GetFlag(name); }, py::arg("name"));
  m.def(
      "set_flag",
      [](const std::string& name, const py::object& value) {
        SetFlag(name, py::isinstance<py::bool_>(value) ? (value.cast<bool>() ? "1" : "0")
                                                       : py::str(value).cast<std::string>());
      },
      py::arg("name"), py::arg("value"));
  m.def("all_flags", Flags, "name -> (value, doc, ignored)");
  m.def("memory_stats", Memory, "Bytes of tensors in use, their peak, and the number of allocations so far.");
  m.def("reset_peak_memory", ResetPeakMemory);
  m.def("size_of_dtype", SizeOfType, py::arg("dtype"), "Bytes of one element.");
  m.def("load_op_library", LoadOpLibrary, py::arg("path"), "Loads a shared library that registers ops.");
  m.def(
      "is_compiled_with_cuda", [] { return PluginInstalled(DeviceType::kCuda); },
      "Whether the CUDA plug-in is installed.");
  m.def(
      "get_cuda_device_count", [] { return CountDevices(DeviceType::kCuda); },
      "How many GPUs can be used; 0 without the plug-in or a driver.");
}

}  // namespace paddle::bindings
