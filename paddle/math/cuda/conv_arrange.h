#pragma once
// Images as cuDNN takes them: channels first, with the rows and columns of zeros that Fluid's paddings ask for.

#include "paddle/device/cuda/context.h"
#include "paddle/math/conv.h"

namespace paddle::cuda {

// An image batch in Fluid's layout and the same as [n, c, h + above + below, w + left + right].
struct Arrangement {
  int64_t n = 0, c = 0, h = 0, w = 0;
  int64_t above = 0, left = 0, padded_h = 0, padded_w = 0;
  bool nhwc = false;

  int64_t padded_size() const { return n * c * padded_h * padded_w; }
};

// `padded` from `image`, with zeros around it.
template <class T>
void Arrange(const CudaContext& context, const Arrangement& a, const T* image, T* padded);
// `image` from the middle of `padded`.
template <class T>
void Restore(const CudaContext& context, const Arrangement& a, const T* padded, T* image);

}  // namespace paddle::cuda
