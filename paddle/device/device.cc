#include "paddle/device/device.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>

#include "paddle/device/late_error.h"

namespace paddle {
namespace {

constexpr int kTypes = 3;

// Plain atomics: constants of plug-ins and tests register before or after this file's own are made.
std::array<std::atomic<Device*>, kTypes> g_devices{};
std::mutex g_load_mutex;

std::string FolderOfThisLibrary() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&HostContext), &info) || !info.dli_fname) return ".";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::atomic<Device*>& DeviceOf(DeviceType type) { return g_devices[static_cast<size_t>(type)]; }

// Loads the plug-in unless the device is there. Throws when it cannot be had.
Device& Load(DeviceType type) {
  if (Device* device = DeviceOf(type)) return *device;
  std::scoped_lock lock(g_load_mutex);
  if (Device* device = DeviceOf(type)) return *device;
  if (type != DeviceType::kCuda) throw Unimplemented("there is no plug-in for pinned memory; use CPUPlace");
  const std::string path = PluginPath(type);
  if (!PluginInstalled(type))
    throw Unimplemented(StrCat("this installation runs on the CPU only: a CUDAPlace needs the CUDA plug-in, and ", path,
                               " does not exist; install it, or use CPUPlace"));
  // Kept loaded: the registry holds its kernels.
  if (!dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    throw Error(StrCat("the CUDA plug-in cannot be loaded: ", dlerror(),
                       "; it needs cuBLASLt and cuDNN of the versions that it was built with"));
  Device* device = DeviceOf(type);
  Ensure(device != nullptr, path, " registers no device");
  return *device;
}

}  // namespace

Device::~Device() = default;
LateError::~LateError() = default;

RegisteredDevice::RegisteredDevice(DeviceType type, Device& device) { DeviceOf(type) = &device; }

std::string PluginPath(DeviceType type) {
  return FolderOfThisLibrary() + (type == DeviceType::kCuda ? "/libpaddle_cuda.so" : "/libpaddle_plugin.so");
}

bool PluginInstalled(DeviceType type) { return DeviceOf(type) || access(PluginPath(type).c_str(), R_OK) == 0; }

int CountDevices(DeviceType type) {
  if (type == DeviceType::kCpu) return 1;
  if (!PluginInstalled(type)) return 0;
  try {
    return Load(type).count();
  } catch (const Error&) {
    return 0;
  }
}

std::unique_ptr<DeviceContext> MakeContext(Place place) {
  if (place.is_cpu()) return std::make_unique<CpuContext>();
  Device& device = Load(place.device);
  const int count = device.count();
  Require(place.index < count, "there is no ", place, ": this machine has ", count,
          count == 1 ? " such device" : " such devices", ", numbered from 0");
  return device.MakeContext(place.index);
}

const CpuContext& HostContext() {
  static const CpuContext context;
  return context;
}

}  // namespace paddle
