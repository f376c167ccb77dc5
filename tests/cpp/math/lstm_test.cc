#include "paddle/math/lstm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "paddle/device/buffer.h"
#include "paddle/device/parallel.h"
#include "paddle/math/panel.h"

namespace paddle {
namespace {

double Apply(Gate gate, double x) {
  switch (gate) {
    case Gate::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Gate::kTanh:
      return std::tanh(x);
    case Gate::kRelu:
      return x > 0 ? x : 0;
    case Gate::kIdentity:
      return x;
  }
  return x;
}

// A layer with random parameters and a batch; all that either pass reads and writes.
template <class T>
struct Layer {
  LstmConfig config;
  Lod lod;
  std::vector<T> input, weight, bias, h0, c0, gates, hidden, cell;
  std::vector<T> hidden_grad, cell_grad, input_grad, weight_grad, bias_grad, h0_grad, c0_grad;
  bool initial;

  Layer(LstmConfig c, const std::vector<int64_t>& lengths, bool with_initial)
      : config(c), lod(Lod::FromLengths({lengths})), initial(with_initial) {
    std::mt19937 random(7);
    const auto fill = [&](std::vector<T>& v, int64_t n, double scale) {
      std::normal_distribution<double> normal(0, scale);
      v.resize(n);
      for (T& x : v) x = static_cast<T>(static_cast<float>(normal(random)));
    };
    const int64_t h = c.hidden, rows = lod.rows(), sequences = static_cast<int64_t>(lengths.size());
    fill(input, rows * 4 * h, c.gate == Gate::kSigmoid ? 1 : 0.3);  // without a bound on the gates states would grow
    fill(weight, h * 4 * h, 0.7 / std::sqrt(double(h)));
    fill(bias, (c.peepholes ? 7 : 4) * h, 0.3);
    fill(h0, sequences * h, 1);
    fill(c0, sequences * h, 1);
    fill(hidden_grad, rows * h, 1);
    fill(cell_grad, rows * h, 1);
    gates.resize(rows * 4 * h);
    hidden.resize(rows * h);
    cell.resize(rows * h);
  }

  BufferPtr Pack(const PanelShape& shape) {
    auto buffer = SystemAllocator().Allocate(PanelElements<T>(shape) * sizeof(T));
    PackPanels(shape, weight.data(), reinterpret_cast<T*>(buffer->data()));
    return buffer;
  }

  void Forward() {
    const auto packed = Pack(LstmForwardPanels(config.hidden));
    LstmForward<T> args;
    args.input = input.data();
    args.bias = bias.data();
    args.initial_hidden = initial ? h0.data() : nullptr;
    args.initial_cell = initial ? c0.data() : nullptr;
    args.packed = reinterpret_cast<const T*>(packed->data());
    args.gates = gates.data();
    args.hidden = hidden.data();
    args.cell = cell.data();
    RunLstm(config, lod, args);
  }

  void Backward() {
    const auto packed = Pack(LstmBackwardPanels(config.hidden));
    const int64_t sequences = lod.sequences(0);
    input_grad = gates;  // in place
    weight_grad.assign(weight.size(), T(99));
    bias_grad.assign(bias.size(), T(99));
    h0_grad.assign(h0.size(), T(99));
    c0_grad.assign(c0.size(), T(99));
    std::vector<T> scratch(LstmBackwardScratch<T>(config, sequences) / sizeof(T), T(77));
    LstmBackward<T> args;
    args.bias = bias.data();
    args.initial_hidden = initial ? h0.data() : nullptr;
    args.initial_cell = initial ? c0.data() : nullptr;
    args.packed = reinterpret_cast<const T*>(packed->data());
    args.gates = input_grad.data();
    args.hidden = hidden.data();
    args.cell = cell.data();
    args.hidden_grad = hidden_grad.data();
    args.cell_grad = cell_grad.data();
    args.input_grad = input_grad.data();
    args.weight_grad = weight_grad.data();
    args.bias_grad = bias_grad.data();
    args.initial_hidden_grad = initial ? h0_grad.data() : nullptr;
    args.initial_cell_grad = initial ? c0_grad.data() : nullptr;
    args.scratch = reinterpret_cast<std::byte*>(scratch.data());
    RunLstmGrad(config, lod, args);
  }

  double Loss() {
    Forward();
    double loss = 0;
    for (size_t i = 0; i < hidden.size(); ++i) loss += hidden[i] * hidden_grad[i] + cell[i] * cell_grad[i];
    return loss;
  }
};

// The definition, one sequence and one unit at a time.
void Reference(const Layer<double>& layer, std::vector<double>* hidden, std::vector<double>* cell,
               std::vector<double>* gates) {
  const int64_t n = layer.config.hidden;
  const auto offsets = layer.lod.last();
  for (int64_t s = 0; s < layer.lod.sequences(0); ++s) {
    std::vector<double> h(n, 0), c(n, 0);
    if (layer.initial)
      for (int64_t u = 0; u < n; ++u) h[u] = layer.h0[s * n + u], c[u] = layer.c0[s * n + u];
    for (int64_t t = 0; t < offsets[s + 1] - offsets[s]; ++t) {
      const int64_t row = layer.config.reverse ? offsets[s + 1] - 1 - t : offsets[s] + t;
      std::vector<double> next(n);
      for (int64_t u = 0; u < n; ++u) {
        double x[4];
        for (int g = 0; g < 4; ++g) {
          x[g] = layer.input[(row * 4 + g) * n + u] + layer.bias[g * n + u];
          for (int64_t k = 0; k < n; ++k) x[g] += h[k] * layer.weight[(k * 4 + g) * n + u];
        }
        if (layer.config.peepholes) {
          x[1] += layer.bias[4 * n + u] * c[u];
          x[2] += layer.bias[5 * n + u] * c[u];
        }
        x[0] = Apply(layer.config.candidate, x[0]);
        x[1] = Apply(layer.config.gate, x[1]);
        x[2] = Apply(layer.config.gate, x[2]);
        c[u] = x[2] * c[u] + x[1] * x[0];
        if (layer.config.peepholes) x[3] += layer.bias[6 * n + u] * c[u];
        x[3] = Apply(layer.config.gate, x[3]);
        next[u] = x[3] * Apply(layer.config.cell, c[u]);
        for (int g = 0; g < 4; ++g) (*gates)[(row * 4 + g) * n + u] = x[g];
        (*hidden)[row * n + u] = next[u];
        (*cell)[row * n + u] = c[u];
      }
      h = next;
    }
  }
}

template <class A, class B>
double Difference(const std::vector<A>& a, const std::vector<B>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(double(a[i]) - double(b[i])) / (1 + std::abs(double(b[i]))));
  return most;
}

struct Case {
  LstmConfig config;
  std::vector<int64_t> lengths;
  bool initial;
  int threads;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const std::vector<std::vector<int64_t>> batches{
      {1}, {3, 1, 2}, {0, 4, 0, 2}, {5, 5, 1, 7, 2, 6, 3, 8, 4, 1, 1, 9, 2}};
  for (const int64_t hidden : {1, 5, 16, 37})
    for (const auto& lengths : batches)
      for (int bits = 0; bits < 8; ++bits)
        cases.push_back({{.hidden = hidden, .peepholes = (bits & 1) != 0, .reverse = (bits & 2) != 0},
                         lengths,
                         (bits & 4) != 0,
                         1 + bits % 2});
  for (const Gate a : {Gate::kSigmoid, Gate::kTanh, Gate::kRelu, Gate::kIdentity})
    for (const Gate b : {Gate::kSigmoid, Gate::kTanh, Gate::kRelu, Gate::kIdentity})
      cases.push_back({{.hidden = 5,
                        .peepholes = true,
                        .gate = a,
                        .cell = b,
                        .candidate = b == Gate::kRelu ? Gate::kIdentity : Gate::kRelu},
                       {2, 3},
                       true,
                       2});
  return cases;
}

class LstmTest : public testing::Test {
 protected:
  ~LstmTest() override { SetNumThreads(threads_); }
  int threads_ = NumThreads();
};

TEST_F(LstmTest, ForwardIsTheDefinition) {
  for (const Case& c : Cases()) {
    SetNumThreads(c.threads);
    Layer<double> layer(c.config, c.lengths, c.initial);
    std::vector<double> hidden(layer.hidden.size()), cell(layer.cell.size()), gates(layer.gates.size());
    Reference(layer, &hidden, &cell, &gates);
    layer.Forward();
    EXPECT_LT(Difference(layer.hidden, hidden), 1e-13);
    EXPECT_LT(Difference(layer.cell, cell), 1e-13);
    EXPECT_LT(Difference(layer.gates, gates), 1e-13);
    Layer<float> single(c.config, c.lengths, c.initial);
    single.Forward();
    EXPECT_LT(Difference(single.hidden, hidden), 3e-6);
    EXPECT_LT(Difference(single.cell, cell), 3e-6);
  }
}

TEST_F(LstmTest, BackwardIsTheSlopeOfForward) {
  for (const Case& c : Cases()) {
    if (c.config.hidden > 5) continue;
    SetNumThreads(c.threads);
    Layer<double> layer(c.config, c.lengths, c.initial);
    layer.Forward();
    layer.Backward();
    const auto check = [&](std::vector<double>& variable, const std::vector<double>& gradient, const char* name) {
      for (size_t i = 0; i < variable.size(); ++i) {
        const double kept = variable[i], step = 1e-5;
        variable[i] = kept + step;
        const double up = layer.Loss();
        variable[i] = kept - step;
        const double down = layer.Loss();
        variable[i] = kept;
        ASSERT_NEAR(gradient[i], (up - down) / (2 * step), 2e-6 * (1 + std::abs(gradient[i]))) << name << ' ' << i;
      }
    };
    check(layer.input, layer.input_grad, "input");
    check(layer.weight, layer.weight_grad, "weight");
    check(layer.bias, layer.bias_grad, "bias");
    if (!c.initial) continue;
    check(layer.h0, layer.h0_grad, "initial hidden");
    check(layer.c0, layer.c0_grad, "initial cell");
  }
}

TEST_F(LstmTest, SinglePrecisionFollowsDouble) {
  for (const Case& c : Cases()) {
    SetNumThreads(c.threads);
    Layer<double> exact(c.config, c.lengths, c.initial);
    Layer<float> single(c.config, c.lengths, c.initial);
    exact.Forward();
    exact.Backward();
    single.Forward();
    single.Backward();
    EXPECT_LT(Difference(single.input_grad, exact.input_grad), 2e-5);
    EXPECT_LT(Difference(single.weight_grad, exact.weight_grad), 2e-5);
    EXPECT_LT(Difference(single.bias_grad, exact.bias_grad), 2e-5);
    if (!c.initial) continue;
    EXPECT_LT(Difference(single.h0_grad, exact.h0_grad), 2e-5);
    EXPECT_LT(Difference(single.c0_grad, exact.c0_grad), 2e-5);
  }
}

TEST_F(LstmTest, LongAndManySequences) {
  for (const auto& lengths : {std::vector<int64_t>{10000}, std::vector<int64_t>(300, 2)}) {
    Layer<double> exact({.hidden = 3, .peepholes = true}, lengths, false);
    std::vector<double> hidden(exact.hidden.size()), cell(exact.cell.size()), gates(exact.gates.size());
    Reference(exact, &hidden, &cell, &gates);
    exact.Forward();
    exact.Backward();
    EXPECT_LT(Difference(exact.hidden, hidden), 1e-12);
    Layer<float> single({.hidden = 3, .peepholes = true}, lengths, false);
    single.Forward();
    single.Backward();
    EXPECT_LT(Difference(single.hidden, hidden), 1e-5);
    EXPECT_LT(Difference(single.weight_grad, exact.weight_grad), 1e-3);
  }
}

// `rows` of `width` elements, sequence by sequence, moved to step by step (`steps` of them), or back.
void Reorder(std::vector<double>* rows, int64_t steps, int64_t width, bool back) {
  const int64_t sequences = static_cast<int64_t>(rows->size()) / (steps * width);
  std::vector<double> moved(rows->size());
  for (int64_t s = 0; s < sequences; ++s)
    for (int64_t t = 0; t < steps; ++t) {
      const int64_t a = (s * steps + t) * width, b = (t * sequences + s) * width;
      std::copy_n(rows->begin() + (back ? b : a), width, moved.begin() + (back ? a : b));
    }
  *rows = std::move(moved);
}

TEST_F(LstmTest, RowsMayStandStepByStep) {
  for (const int64_t steps : {1, 4})
    for (int bits = 0; bits < 8; ++bits) {
      SetNumThreads(1 + bits % 2);
      const std::vector<int64_t> lengths(7, steps);
      LstmConfig config{.hidden = 21, .peepholes = (bits & 2) != 0, .reverse = (bits & 1) != 0};
      Layer<double> plain(config, lengths, (bits & 4) != 0);
      config.time_major = true;
      Layer<double> moved(config, lengths, (bits & 4) != 0);
      Reorder(&moved.input, steps, 4 * config.hidden, false);
      for (auto* rows : {&moved.hidden_grad, &moved.cell_grad}) Reorder(rows, steps, config.hidden, false);
      for (auto* layer : {&plain, &moved}) {
        layer->Forward();
        layer->Backward();
      }
      for (auto* rows : {&moved.gates, &moved.input_grad}) Reorder(rows, steps, 4 * config.hidden, true);
      for (auto* rows : {&moved.hidden, &moved.cell}) Reorder(rows, steps, config.hidden, true);
      EXPECT_EQ(moved.gates, plain.gates);
      EXPECT_EQ(moved.hidden, plain.hidden);
      EXPECT_EQ(moved.cell, plain.cell);
      EXPECT_EQ(moved.input_grad, plain.input_grad);
      EXPECT_EQ(moved.h0_grad, plain.h0_grad);
      EXPECT_EQ(moved.c0_grad, plain.c0_grad);
      EXPECT_LT(Difference(moved.weight_grad, plain.weight_grad), 1e-12);  // another order of the sum
      EXPECT_LT(Difference(moved.bias_grad, plain.bias_grad), 1e-12);
    }
}

TEST_F(LstmTest, NoRowsAtAll) {
  for (const auto& lengths : {std::vector<int64_t>{}, std::vector<int64_t>{0, 0}}) {
    Layer<float> layer({.hidden = 4, .peepholes = true}, lengths, true);
    layer.Forward();
    layer.Backward();
    for (const auto* gradient : {&layer.weight_grad, &layer.bias_grad, &layer.h0_grad, &layer.c0_grad})
      for (const float g : *gradient) EXPECT_EQ(g, 0.0f);
  }
}

}  // namespace
}  // namespace paddle
