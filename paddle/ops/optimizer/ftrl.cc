// Follow the regularised leader, proximal (McMahan et al., 2013).
#include <cmath>

#include "paddle/ops/optimizer/optimizer.h"

namespace paddle {
namespace {

struct FtrlAttrs {
  float l1 = 0;
  float l2 = 0;
  float lr_power = -0.5f;

  static auto Fields() {
    return std::tuple{Field{"l1", &FtrlAttrs::l1, "Strength of the L1 regularisation."},
                      Field{"l2", &FtrlAttrs::l2, "Strength of the L2 regularisation."},
                      Field{"lr_power", &FtrlAttrs::lr_power, "Power with which the learning rate falls."}};
  }
};

using Attrs = FtrlAttrs;

void Infer(const Attrs&, InferContext& context) {
  InferUpdate(
      context, {"Grad", "SquaredAccumulator", "LinearAccumulator"},
      {{"ParamOut", "Param"}, {"SquaredAccumOut", "SquaredAccumulator"}, {"LinearAccumOut", "LinearAccumulator"}});
}

template <class T>
struct Update {
  T lr, l1, l2, power;
  const T *param, *square, *linear;
  T *param_out, *square_out, *linear_out;

  Update(const Attrs& attrs, const Tensor& rate, const Tensor& p, const Tensor& s, const Tensor& l, Tensor& p_out,
         Tensor& s_out, Tensor& l_out)
      : lr(*rate.data<T>()),
        l1(attrs.l1),
        l2(attrs.l2),
        power(attrs.lr_power),
        param(p.data<T>()),
        square(s.data<T>()),
        linear(l.data<T>()),
        param_out(p_out.mutable_data<T>()),
        square_out(s_out.mutable_data<T>()),
        linear_out(l_out.mutable_data<T>()) {}

  T Power(T x) const { return power == T(-0.5) ? std::sqrt(x) : std::pow(x, -power); }

  void operator()(int64_t i, T g) const {
    const T next = square[i] + g * g, root = Power(next);
    const T z = linear[i] + g - (root - Power(square[i])) / lr * param[i];
    linear_out[i] = z;
    square_out[i] = next;
    param_out[i] = std::abs(z) > l1 ? (std::copysign(l1, z) - z) / (root / lr + 2 * l2) : T(0);
  }
};

void Ftrl(const CpuContext&, const Attrs& attrs, const Tensor& param, const Tensor& square, const Tensor& linear,
          const Tensor& grad, const Tensor& rate, Tensor& param_out, Tensor& square_out, Tensor& linear_out) {
  VisitFloat(param.dtype(), [&]<class T>() {
    const Update<T> update(attrs, rate, param, square, linear, param_out, square_out, linear_out);
    const T* g = grad.data<T>();
    ForEachElement(param.numel(), [=](int64_t i) { update(i, g[i]); });
  });
}

// Rows without a gradient do not change: the outputs are the inputs' tensors.
void FtrlSparse(const CpuContext&, const Attrs& attrs, RowMerger& rows, const Tensor& param, const Tensor& square,
                const Tensor& linear, const SelectedRows& grad, const Tensor& rate, Tensor& param_out,
                Tensor& square_out, Tensor& linear_out) {
  rows.Merge(grad);
  VisitFloat(param.dtype(), [&]<class T>() {
    ForEachTouched<T>(rows, Update<T>(attrs, rate, param, square, linear, param_out, square_out, linear_out));
  });
}

const Registered kOp = RegisterOp<Attrs>({
    .name = "ftrl",
    .doc = "Follow the regularised leader: s = SquaredAccumulator + Grad^2; z = LinearAccumulator + Grad - "
           "(s^-lr_power - SquaredAccumulator^-lr_power) / "
           "LearningRate Param; ParamOut = (sign(z) l1 - z) / (s^-lr_power / LearningRate + 2 l2) where |z| > l1, 0 "
           "elsewhere. McMahan et al., \"Ad click "
           "prediction\", KDD 2013.",
    .inputs = {{"Param", "The parameter."},
               {"SquaredAccumulator", "Sum of squares, of Param's shape."},
               {"LinearAccumulator", "z, of Param's shape."},
               {"Grad", "Gradient, dense or SelectedRows."},
               {"LearningRate", "One number."}},
    .outputs = {{"ParamOut", "The parameter, updated in place."},
                {"SquaredAccumOut", "s, updated in place."},
                {"LinearAccumOut", "z, updated in place."}},
    .infer = Infer,
    .must_share = {{"ParamOut", "Param"},
                   {"SquaredAccumOut", "SquaredAccumulator"},
                   {"LinearAccumOut", "LinearAccumulator"}},
});
const Registered kCpu = RegisterKernel("ftrl", Ftrl);
const Registered kSparseCpu = RegisterKernel("ftrl", PrepareRows<Attrs>, FtrlSparse);

}  // namespace
}  // namespace paddle
