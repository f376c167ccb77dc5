// add_position_encoding: sines and cosines of a row's place in its sequence, added to it.
#include <cmath>

#include "paddle/math/map.h"
#include "paddle/op/registry.h"
#include "paddle/ops/sequence/sequence.h"

namespace paddle {
namespace {

struct PositionAttrs {
  float alpha = 1, beta = 1;

  static auto Fields() {
    using A = PositionAttrs;
    return std::tuple{Field{"alpha", &A::alpha, "Factor of X."}, Field{"beta", &A::beta, "Factor of the encoding."}};
  }
};

void Infer(const PositionAttrs&, InferContext& context) {
  context.CheckDType("X", kFloats);
  CheckSteps(context, "X");
  const Dims& x = context.In("X").dims;
  const int64_t width = x[x.rank() - 1];
  Require(width < 0 || width % 2 == 0, "X has shape ", x, "; expected an even width: half is for sines, half cosines");
  context.CopyMeta("X", "Out");
}

// By how much the angles of waves 0, 1, ... fall behind that of the first, from 1 to 10000.
std::vector<double> Slowness(int64_t waves) {
  std::vector<double> slowness(waves, 10000);
  for (int64_t k = 0; k + 1 < waves; ++k)
    slowness[k] = std::pow(10000.0, static_cast<double>(k) / static_cast<double>(waves - 1));
  return slowness;
}

// The encoding of one position: sines, then cosines.
template <class T>
void Encode(int64_t position, double beta, const std::vector<double>& slowness, T* encoding) {
  const size_t waves = slowness.size();
  for (size_t k = 0; k < waves; ++k) {
    const double angle = static_cast<double>(position) / slowness[k];
    encoding[k] = static_cast<T>(beta * std::sin(angle));
    encoding[waves + k] = static_cast<T>(beta * std::cos(angle));
  }
}

// A position is encoded once for all sequences that have it.
template <class T>
void AddEncoding(const PositionAttrs& attrs, const Lod& lod, int64_t width, const T* x, T* out) {
  const std::vector<double> slowness = Slowness(width / 2);
  const auto by_length = lod.ByLength();
  const auto offsets = lod.last();
  const auto length = [=](int32_t s) { return offsets[s + 1] - offsets[s]; };
  const int64_t longest = by_length.empty() ? 0 : length(by_length[0]);
  ParallelFor(longest, 1, [&](int64_t begin, int64_t end) {
    std::vector<T> encoding(width);
    for (int64_t position = begin; position < end; ++position) {
      Encode(position, attrs.beta, slowness, encoding.data());
      for (const int32_t s : by_length) {
        if (length(s) <= position) break;
        const int64_t at = (offsets[s] + position) * width;
        math::MapSerial([alpha = static_cast<T>(attrs.alpha)](T a, T b) { return alpha * a + b; }, x + at,
                        encoding.data(), out + at, width);
      }
    }
  });
}

void Run(const CpuContext&, const PositionAttrs& attrs, const Tensor& x, Tensor& out) {
  VisitFloat(x.dtype(), [&]<class T>() {
    AddEncoding(attrs, StepsOf(x), x.dim(x.rank() - 1), x.data<T>(), out.mutable_data<T>());
  });
}

void InferGrad(const PositionAttrs&, InferContext& context) {
  context.CheckDType("Out@GRAD", kFloats);
  context.CopyMeta("Out@GRAD", "X@GRAD");
}

void RunGrad(const CpuContext&, const PositionAttrs& attrs, const Tensor& d_out, Tensor* dx) {
  if (!dx) return;
  VisitFloat(d_out.dtype(), [&]<class T>() {
    math::Map([alpha = static_cast<T>(attrs.alpha)](T d) { return alpha * d; }, d_out.data<T>(), dx->mutable_data<T>(),
              d_out.numel());
  });
}

const Registered kOp = RegisterOp<PositionAttrs>({
    .name = "add_position_encoding",
    .doc =
        "Out = alpha X + beta E. For row t of a sequence E has sin(t / 10000^(k / (width / 2 - 1))) for each k below "
        "width / 2, then the cosines. Vaswani et al., Attention Is All You Need, 2017.",
    .inputs = {{"X",
                "LoDTensor [rows, width], the last LoD level of which says which rows form a sequence; or a batch "
                "[sequences, steps, width]. The width is even."}},
    .outputs = {{"Out", "Of X's shape and LoD."}},
    .infer = Infer,
    .may_share = {{"Out", "X"}},
});
const Registered kCpu = RegisterKernel("add_position_encoding", Run);

const Registered kGradOp = RegisterOp<PositionAttrs>({
    .name = "add_position_encoding_grad",
    .doc = "Gradient of add_position_encoding: X@GRAD = alpha Out@GRAD.",
    .inputs = {{"Out@GRAD", "Gradient of Out."}},
    .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
    .infer = InferGrad,
    .may_share = {{"X@GRAD", "Out@GRAD"}},
});
const Registered kGradCpu = RegisterKernel("add_position_encoding_grad", RunGrad);

}  // namespace
}  // namespace paddle
