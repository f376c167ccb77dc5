#pragma once
// cuDNN's descriptors with an owner, and its error codes as exceptions.

#include <cudnn.h>

#include <memory>

#include "paddle/base/errors.h"

namespace paddle::cuda {

// Throws unless the call was a success: Unimplemented for what cuDNN cannot do. `what`: the call, for the text.
inline void CheckCudnn(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) [[likely]]
    return;
  char detail[512] = "";
  cudnnGetLastErrorString(detail, sizeof detail);
  const std::string text = StrCat(what, " failed: ", cudnnGetErrorString(status), *detail ? "; " : "", detail);
  if (CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED) throw Unimplemented(text);
  throw Error(text);
}

template <class T, cudnnStatus_t (*kDestroy)(T)>
struct DescriptorDestroyer {
  using pointer = T;
  void operator()(T descriptor) const { kDestroy(descriptor); }
};

// As a default-constructed value it holds none.
template <class T, cudnnStatus_t (*kCreate)(T*), cudnnStatus_t (*kDestroy)(T)>
class Descriptor {
 public:
  void Make() {
    T made = nullptr;
    CheckCudnn(kCreate(&made), "making a descriptor of cuDNN");
    held_.reset(made);
  }
  T get() const { return held_.get(); }

 private:
  std::unique_ptr<T, DescriptorDestroyer<T, kDestroy>> held_;
};

using TensorDescriptor = Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;

}  // namespace paddle::cuda
