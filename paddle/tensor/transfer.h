#pragma once
// Tensors and variables between the host and devices.

#include "paddle/tensor/variable.h"

namespace paddle {

class DeviceContext;

// `from` in memory of `to`'s place: itself where it is there already, else a copy made with `allocator`. One of the two
// places is the host's. `device` is the context of the other.
Tensor CopyTo(Place to, const Tensor& from, Allocator& allocator, const DeviceContext& device);

// `tensor` where the host can read it: itself, or a copy of what is on a device.
Tensor OnHost(const Tensor& tensor);

// Whether anything that the variable holds is elsewhere than at `place`. What is no tensor is everywhere.
bool IsElsewhere(const Variable& variable, Place place);
// Moves the bytes of whatever it holds to `place`. Safe to call for one variable from many threads.
void MoveTo(Place place, Variable* variable);

}  // namespace paddle
