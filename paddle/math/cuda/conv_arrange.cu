#include "paddle/math/cuda/conv_arrange.h"
#include "paddle/math/cuda/launch.h"

namespace paddle::cuda {
namespace {

// Where the element of the padded image lies in the image; -1: in the padding.
constexpr int64_t PlaceOf(const Arrangement& a, int64_t i) {
  const int64_t x = i % a.padded_w - a.left, rest = i / a.padded_w;
  const int64_t y = rest % a.padded_h - a.above, plane = rest / a.padded_h;
  if (x < 0 || x >= a.w || y < 0 || y >= a.h) return -1;
  if (!a.nhwc) return (plane * a.h + y) * a.w + x;
  return ((plane / a.c * a.h + y) * a.w + x) * a.c + plane % a.c;
}

}  // namespace

template <class T>
void Arrange(const CudaContext& context, const Arrangement& a, const T* image, T* padded) {
  const Arrangement sizes = a;
  ForEach(context, a.padded_size(), [=] __device__(int64_t i) {
    const int64_t at = PlaceOf(sizes, i);
    padded[i] = at < 0 ? T(0) : image[at];
  });
}

template <class T>
void Restore(const CudaContext& context, const Arrangement& a, const T* padded, T* image) {
  const Arrangement sizes = a;
  ForEach(context, a.padded_size(), [=] __device__(int64_t i) {
    const int64_t at = PlaceOf(sizes, i);
    if (at >= 0) image[at] = padded[i];
  });
}

template void Arrange(const CudaContext&, const Arrangement&, const float*, float*);
template void Arrange(const CudaContext&, const Arrangement&, const double*, double*);
template void Restore(const CudaContext&, const Arrangement&, const float*, float*);
template void Restore(const CudaContext&, const Arrangement&, const double*, double*);

}  // namespace paddle::cuda
