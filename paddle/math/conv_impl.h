#pragma once
// The ways in which a convolution is computed; conv.cc chooses.

#include "paddle/math/conv.h"

namespace paddle {

class Convolution::Impl {
 public:
  virtual ~Impl() = default;
  virtual size_t scratch_bytes() const = 0;
  virtual void Run(const void* a, const void* b, void* out, std::byte* scratch) = 0;
};

// Patches of the input copied into the columns of a matrix, and matrix products: any sizes, float and double.
std::shared_ptr<Convolution::Impl> MakeColumnConv(DType dtype, const ConvShape& shape, ConvPass pass, bool accumulate);

}  // namespace paddle
