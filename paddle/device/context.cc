#include "paddle/device/context.h"

namespace paddle {

DeviceContext::~DeviceContext() = default;

}  // namespace paddle
