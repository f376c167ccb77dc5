#pragma once
// The ways in which a convolution is computed; conv.cc chooses.

#include "paddle/math/conv.h"

namespace paddle {

class Convolution::Impl {
 public:
  virtual ~Impl() = default;
  virtual size_t scratch_bytes() const = 0;
  virtual void Run(const Tensor& a, const Tensor& b, Tensor& out, std::byte* scratch) = 0;
};

// Patches of the input copied into the columns of a matrix, and matrix products: any sizes, float and double.
std::shared_ptr<Convolution::Impl> MakeColumnConv(DType dtype, const ConvShape& shape, ConvPass pass, bool accumulate);

// oneDNN's code for this machine, over images in blocks of channels; float only. Null where columns are faster, or it
// has no such code.
std::shared_ptr<Convolution::Impl> MakeBlockedConv(const ConvShape& shape, ConvPass pass, bool weight);

}  // namespace paddle
