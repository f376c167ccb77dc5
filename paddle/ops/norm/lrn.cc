// Local response normalisation (Krizhevsky et al., 2012).
#include <algorithm>
#include <cmath>

#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

constexpr int64_t kElementsPerTask = 2048;  // about 10 us of powers

struct LrnAttrs {
  int32_t n = 5;
  float k = 2;
  float alpha = 0.0001f;
  float beta = 0.75f;
  std::string data_format = "AnyLayout";
  bool is_test = false;

  static auto Fields() {
    using A = LrnAttrs;
    return std::tuple{
        Field{"n", &A::n, "Number of neighbouring channels in a sum, an odd number."},
        Field{"k", &A::k, "Summand."},
        Field{"alpha", &A::alpha, "Factor of the sum of squares."},
        Field{"beta", &A::beta, "Exponent."},
        Field{"data_format", &A::data_format, "NCHW or AnyLayout: channels are the second dimension; NHWC: the last."},
        Field{"is_test", &A::is_test, "Has no influence: the result is the same in training and inference."}};
  }
};

using Attrs = LrnAttrs;

// X seen as [outer, channels, inner].
struct View {
  int64_t outer, channels, inner;
  View(const Attrs& attrs, const Dims& x) {
    const bool last = attrs.data_format == "NHWC";
    outer = last ? x.Product(0, 3) : x[0];
    channels = last ? x[3] : x[1];
    inner = last ? 1 : x.Product(2, 4);
  }

  // Calls body(first element of channel 0, number of elements side by side) for pieces of the images, with all their
  // channels.
  template <class Body>
  void ForEachPiece(const Body& body) const {
    const int64_t pieces = (inner + kPiece - 1) / kPiece;
    ParallelFor(outer * pieces,
                std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(channels * std::min(inner, kPiece), 1)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    const int64_t from = i % pieces * kPiece;
                    body(i / pieces * channels * inner + from, std::min(kPiece, inner - from));
                  }
                });
  }

  static constexpr int64_t kPiece = 256;
};

void Check(const Attrs& attrs, InferContext& context) {
  context.CheckDType("X", kFloats);
  context.CheckRank("X", 4, 4);
  Require(attrs.n >= 1 && attrs.n % 2 == 1, "n is ", attrs.n, "; expected a positive odd number");
  Require(attrs.data_format == "NHWC" || attrs.data_format == "NCHW" || attrs.data_format == "AnyLayout",
          "data_format is '", attrs.data_format, "'; expected NCHW, NHWC or AnyLayout");
}

void Infer(const Attrs& attrs, InferContext& context) {
  Check(attrs, context);
  context.CopyMeta("X", "Out");
  context.CopyMeta("X", "MidOut");
}

// to[j] = sum over the window of channels around c of f(element), for `width` elements side by side.
template <class T, class F>
void WindowSum(const View& v, int64_t n, int64_t c, int64_t begin, int64_t width, T* to, const F& f) {
  std::fill_n(to, width, T(0));
  for (int64_t i = std::max<int64_t>(0, c - n / 2); i < std::min(v.channels, c + n / 2 + 1); ++i)
    for (int64_t j = 0; j < width; ++j) to[j] += f(begin + i * v.inner + j);
}

void Lrn(const CpuContext&, const Attrs& attrs, const Tensor& x, Tensor& out, Tensor& mid_out) {
  const View v(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), k = attrs.k, alpha = attrs.alpha, beta = attrs.beta;
    T *to = out.mutable_data<T>(), *mid = mid_out.mutable_data<T>();
    v.ForEachPiece([=](int64_t begin, int64_t width) {
      T sums[View::kPiece];
      for (int64_t c = 0; c < v.channels; ++c) {
        WindowSum(v, attrs.n, c, begin, width, sums, [=](int64_t i) { return from[i] * from[i]; });
        for (int64_t j = 0, at = begin + c * v.inner; j < width; ++j, ++at) {
          mid[at] = k + alpha * sums[j];
          to[at] = from[at] * std::pow(mid[at], -beta);
        }
      }
    });
  });
}

void InferGrad(const Attrs& attrs, InferContext& context) {
  Check(attrs, context);
  for (const auto slot : {"Out", "MidOut", "Out@GRAD"}) {
    context.CheckSameDims("X", slot);
    context.CheckSameDType("X", slot);
  }
  context.CopyMeta("X", "X@GRAD");
}

// dx = dy mid^-beta - 2 alpha beta x (sum over the window of dy y / mid)
void LrnGrad(const CpuContext&, const Attrs& attrs, const Tensor& x, const Tensor& out, const Tensor& mid_out,
             const Tensor& d_out, Tensor& dx) {
  const View v(attrs, x.dims());
  VisitFloat(x.dtype(), [&]<class T>() {
    const T *from = x.data<T>(), *y = out.data<T>(), *mid = mid_out.data<T>(), *dy = d_out.data<T>(),
            alpha = attrs.alpha, beta = attrs.beta;
    T* to = dx.mutable_data<T>();
    v.ForEachPiece([=](int64_t begin, int64_t width) {
      T sums[View::kPiece];
      for (int64_t c = 0; c < v.channels; ++c) {
        WindowSum(v, attrs.n, c, begin, width, sums, [=](int64_t i) { return dy[i] * y[i] / mid[i]; });
        for (int64_t j = 0, at = begin + c * v.inner; j < width; ++j, ++at)
          to[at] = dy[at] * std::pow(mid[at], -beta) - 2 * alpha * beta * from[at] * sums[j];
      }
    });
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "lrn",
    .doc = "Local response normalisation: Out = X / MidOut^beta with MidOut = k + alpha (sum of X^2 over the n "
           "channels around each). Krizhevsky et al., "
           "\"ImageNet classification with deep convolutional neural networks\", 2012.",
    .inputs = {{"X", "Images [N, C, H, W], or [N, H, W, C] with data_format NHWC."}},
    .outputs = {{"Out", "Tensor of X's shape."}, {"MidOut", "The base of the power, of X's shape."}},
    .infer = Infer,
});
const Registered kCpu = RegisterKernel("lrn", Lrn);
const Registered kGradOp = RegisterOp<Attrs>({
    .name = "lrn_grad",
    .doc = "Gradient of lrn.",
    .inputs = {{"X", "As given to lrn."},
               {"Out", "The result of lrn."},
               {"MidOut", "As written by lrn."},
               {"Out@GRAD", "Gradient of the result."}},
    .outputs = {{"X@GRAD", "Gradient of X."}},
    .infer = InferGrad,
});
const Registered kGradCpu = RegisterKernel("lrn_grad", LrnGrad);

}  // namespace
}  // namespace paddle
