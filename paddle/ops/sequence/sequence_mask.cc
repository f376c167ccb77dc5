// sequence_mask: lengths as rows of ones and zeros.
#include <cmath>
#include <limits>

#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct MaskAttrs {
  int32_t maxlen = -1, out_dtype = 0;

  static auto Fields() {
    using A = MaskAttrs;
    return std::tuple{
        Field{"maxlen", &A::maxlen, "Size of the last dimension; negative: the greatest length in X."},
        Field{"out_dtype", &A::out_dtype, "Element type of Y, by its number in VarType.", Presence::kRequired}};
  }
};

DType OutType(const MaskAttrs& attrs) {
  const auto dtype = ToDType(attrs.out_dtype);
  Require(dtype.has_value(), "out_dtype is ", attrs.out_dtype, ", which is not the number of an element type");
  return *dtype;
}

void Infer(const MaskAttrs& attrs, InferContext& context) {
  context.CheckDType("X", kNumbers);
  const bool given = context.Has("MaxLenTensor");
  if (given) {
    context.CheckDType("MaxLenTensor", kIndices);
    Require(SizesAgree(context.In("MaxLenTensor").numel(), 1), "MaxLenTensor has shape ",
            context.In("MaxLenTensor").dims, "; expected one integer");
  } else {
    Require(attrs.maxlen != 0, "maxlen is 0; expected 1 at least, or a negative number for the greatest length in X");
  }
  Dims dims = context.In("X").dims;
  dims.Append(!given && attrs.maxlen > 0 ? attrs.maxlen : -1);
  context.SetOut("Y", dims, OutType(attrs));
}

// The greatest length in X, without its fraction.
template <class L>
int64_t Longest(const L* lengths, int64_t n) {
  L most = 0;
  for (int64_t i = 0; i < n; ++i) most = std::max(most, lengths[i]);
  Require(most < static_cast<L>(std::numeric_limits<int32_t>::max()), "the greatest length in X is ", most,
          "; rows of that size are not possible");
  return static_cast<int64_t>(most);
}

int64_t MaxLen(const MaskAttrs& attrs, const Tensor& x, const Tensor* max_len) {
  if (max_len) {
    const int64_t given = ToInt64s(*max_len)[0];
    Require(given > 0, "MaxLenTensor holds ", given, "; expected 1 at least");
    return given;
  }
  if (attrs.maxlen > 0) return attrs.maxlen;
  return VisitNumber(x.dtype(), [&]<class L>() { return Longest(x.data<L>(), x.numel()); });
}

// How many of the positions 0, 1, ... below `most` are less than `length`.
template <class L>
int64_t CountBelow(L length, int64_t most) {
  if (!(length > 0)) return 0;
  if (static_cast<double>(length) >= static_cast<double>(most)) return most;
  return static_cast<int64_t>(std::ceil(static_cast<double>(length)));
}

void Run(const CpuContext& cpu, const MaskAttrs& attrs, const Tensor& x, const Tensor* max_len, Tensor& y) {
  const int64_t width = MaxLen(attrs, x, max_len);
  Dims dims = x.dims();
  dims.Append(width);
  y.Allocate(dims, OutType(attrs), cpu.allocator());
  const int64_t grain = std::max<int64_t>(1, kCheapElementsPerTask / std::max<int64_t>(1, width));
  VisitNumber(x.dtype(), [&]<class L>() {
    VisitAny(y.dtype(), [&]<class T>() {
      const L* lengths = x.data<L>();
      T* mask = y.mutable_data<T>();
      ParallelFor(x.numel(), grain, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t ones = CountBelow(lengths[i], width);
          T* zeros = std::fill_n(mask + i * width, ones, static_cast<T>(1));
          std::fill_n(zeros, width - ones, static_cast<T>(0));
        }
      });
    });
  });
}

const Registered kOp = RegisterOp<MaskAttrs>({
    .name = "sequence_mask",
    .doc = "Y[..., j] = 1 where j < X[...], else 0.",
    .inputs = {{"X", "Lengths of any shape.", kNoGradient},
               {"MaxLenTensor", "One int32 or int64, the size of the last dimension; stands in for maxlen.",
                kOptional | kNoGradient}},
    .outputs = {{"Y", "[X's shape, longest]; longest is the value of MaxLenTensor, maxlen, or the greatest of X.",
                 kDynamic}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("sequence_mask", Run);

}  // namespace
}  // namespace paddle
