#pragma once
// Kinds of devices that plug-ins bring, found when a place of that kind is first used.

#include <memory>
#include <string>

#include "paddle/device/context.h"

namespace paddle {

// One kind of device, as its plug-in sees it. Safe to use from many threads.
class Device {
 public:
  virtual ~Device();
  // How many there are on this machine. Throws Error saying what is missing (a driver) where that cannot be told.
  virtual int count() const = 0;
  // A context for work on device `index`, 0 <= index < count().
  virtual std::unique_ptr<DeviceContext> MakeContext(int index) = 0;
};

// To be made by a constant of the plug-in while it is loaded; `device` lives as long as the process. Never throws.
struct RegisteredDevice {
  RegisteredDevice(DeviceType type, Device& device);
};

// The path where the plug-in for `type` is looked for: beside this library.
std::string PluginPath(DeviceType type);
// Whether there is a file at that path; nothing is loaded.
bool PluginInstalled(DeviceType type);

// How many devices of that kind can be used: 0 without a plug-in, a driver, or a device. Loads the plug-in.
int CountDevices(DeviceType type);
// A context for work on `place`. Loads the plug-in on first use. Throws Unimplemented when there is none, Error when it
// cannot work here, InvalidArgument when there is no device of that number; the text says what would help.
std::unique_ptr<DeviceContext> MakeContext(Place place);

// For work that always runs on the host.
const CpuContext& HostContext();

}  // namespace paddle
