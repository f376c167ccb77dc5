#include "paddle/math/gru.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "paddle/device/buffer.h"
#include "paddle/device/parallel.h"

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
  GruConfig config;
  Lod lod;
  std::vector<T> input, weight, bias, h0, gates, reset_hidden, batch_hidden, hidden;
  std::vector<T> hidden_grad, input_grad, weight_grad, bias_grad, h0_grad;
  bool initial;

  Layer(GruConfig c, const std::vector<int64_t>& lengths, bool with_initial)
      : config(c), lod(Lod::FromLengths({lengths})), initial(with_initial) {
    std::mt19937 random(7);
    const auto fill = [&](std::vector<T>& v, int64_t n, double scale) {
      std::normal_distribution<double> normal(0, scale);
      v.resize(n);
      for (T& x : v) x = static_cast<T>(static_cast<float>(normal(random)));
    };
    const int64_t h = c.hidden, rows = lod.rows(), sequences = static_cast<int64_t>(lengths.size());
    fill(input, rows * 3 * h, c.gate == Gate::kSigmoid ? 1 : 0.3);  // without a bound on the gates states would grow
    fill(weight, h * 3 * h, 0.7 / std::sqrt(double(h)));
    fill(bias, 3 * h, 0.3);
    fill(h0, sequences * h, 1);
    fill(hidden_grad, rows * h, 1);
    gates.resize(rows * 3 * h);
    hidden.resize(rows * h);
    reset_hidden.resize(rows * h);
    batch_hidden.resize(rows * h);
  }

  // Without the outputs that are for looking at only, when `plain`.
  void Forward(bool plain = false) {
    std::vector<T> scratch(lod.sequences(0) * config.hidden);
    const auto buffer = SystemAllocator().Allocate(GruPackedElements<T>(config.hidden, false) * sizeof(T));
    GruForward<T> args;
    args.input = input.data();
    args.bias = bias.data();
    args.initial_hidden = initial ? h0.data() : nullptr;
    args.packed = PackGru(config.hidden, false, weight.data(), reinterpret_cast<T*>(buffer->data()));
    args.gates = gates.data();
    args.reset_hidden = plain ? nullptr : reset_hidden.data();
    args.batch_hidden = plain ? nullptr : batch_hidden.data();
    args.hidden = hidden.data();
    args.scratch = scratch.data();
    RunGru(config, lod, args);
  }

  void Backward() {
    const int64_t sequences = lod.sequences(0);
    const auto buffer = SystemAllocator().Allocate(GruPackedElements<T>(config.hidden, true) * sizeof(T));
    input_grad.assign(input.size(), T(99));
    weight_grad.assign(weight.size(), T(99));
    bias_grad.assign(bias.size(), T(99));
    h0_grad.assign(h0.size(), T(99));
    std::vector<T> scratch(GruBackwardScratch<T>(config, lod.rows(), sequences) / sizeof(T), T(77));
    GruBackward<T> args;
    args.initial_hidden = initial ? h0.data() : nullptr;
    args.packed = PackGru(config.hidden, true, weight.data(), reinterpret_cast<T*>(buffer->data()));
    args.gates = gates.data();
    args.hidden = hidden.data();
    args.hidden_grad = hidden_grad.data();
    args.input_grad = input_grad.data();
    args.weight_grad = weight_grad.data();
    args.bias_grad = bias_grad.data();
    args.initial_hidden_grad = initial ? h0_grad.data() : nullptr;
    args.scratch = reinterpret_cast<std::byte*>(scratch.data());
    RunGruGrad(config, lod, args);
  }

  double Loss() {
    Forward(true);
    double loss = 0;
    for (size_t i = 0; i < hidden.size(); ++i) loss += hidden[i] * hidden_grad[i];
    return loss;
  }
};

// The definition, one sequence and one unit at a time. `gates` and `reset_hidden` by step.
struct Reference {
  explicit Reference(const Layer<double>& layer)
      : hidden(layer.hidden.size()), gates(layer.gates.size()), reset_hidden(hidden), batch_hidden(hidden) {
    const int64_t n = layer.config.hidden;
    const auto offsets = layer.lod.last();
    const auto order = layer.lod.ByLength();
    int64_t by_step = 0;
    for (int64_t t = 0; by_step < layer.lod.rows(); ++t)
      for (const int32_t s : order) {
        if (t >= offsets[s + 1] - offsets[s]) continue;
        const int64_t row = layer.config.reverse ? offsets[s + 1] - 1 - t : offsets[s] + t;
        std::vector<double> h(n, 0);
        for (int64_t u = 0; u < n; ++u) {
          if (t > 0)
            h[u] = hidden[(layer.config.reverse ? row + 1 : row - 1) * n + u];
          else if (layer.initial)
            h[u] = layer.h0[s * n + u];
        }
        Step(layer, h, row, by_step++);
      }
  }

  void Step(const Layer<double>& layer, const std::vector<double>& h, int64_t row, int64_t by_step) {
    const int64_t n = layer.config.hidden;
    double* gate = gates.data() + by_step * 3 * n;
    double* reset = reset_hidden.data() + by_step * n;
    for (int64_t u = 0; u < 2 * n; ++u) {
      double x = layer.input[row * 3 * n + u] + layer.bias[u];
      for (int64_t k = 0; k < n; ++k) x += h[k] * layer.weight[k * 2 * n + u];
      gate[u] = Apply(layer.config.gate, x);
      if (u >= n) reset[u - n] = gate[u] * h[u - n];
    }
    for (int64_t u = 0; u < n; ++u) {
      double x = layer.input[row * 3 * n + 2 * n + u] + layer.bias[2 * n + u];
      for (int64_t k = 0; k < n; ++k) x += reset[k] * layer.weight[2 * n * n + k * n + u];
      const double c = gate[2 * n + u] = Apply(layer.config.candidate, x);
      const double z = layer.config.origin_mode ? 1 - gate[u] : gate[u];
      batch_hidden[by_step * n + u] = hidden[row * n + u] = (1 - z) * h[u] + z * c;
    }
  }

  std::vector<double> hidden, gates, reset_hidden, batch_hidden;
};

template <class A, class B>
double Difference(const std::vector<A>& a, const std::vector<B>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(double(a[i]) - double(b[i])) / (1 + std::abs(double(b[i]))));
  return most;
}

struct Case {
  GruConfig config;
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
        cases.push_back({{.hidden = hidden, .reverse = (bits & 1) != 0, .origin_mode = (bits & 2) != 0},
                         lengths,
                         (bits & 4) != 0,
                         1 + bits % 2});
  for (const Gate a : {Gate::kSigmoid, Gate::kTanh, Gate::kRelu, Gate::kIdentity})
    for (const Gate b : {Gate::kSigmoid, Gate::kTanh, Gate::kRelu, Gate::kIdentity})
      cases.push_back({{.hidden = 5, .gate = a, .candidate = b}, {2, 3}, true, 2});
  return cases;
}

class GruTest : public testing::Test {
 protected:
  ~GruTest() override { SetNumThreads(threads_); }
  int threads_ = NumThreads();
};

TEST_F(GruTest, ForwardIsTheDefinition) {
  for (const Case& c : Cases()) {
    SetNumThreads(c.threads);
    Layer<double> layer(c.config, c.lengths, c.initial);
    const Reference reference(layer);
    layer.Forward(true);
    EXPECT_LT(Difference(layer.hidden, reference.hidden), 1e-13);
    EXPECT_LT(Difference(layer.gates, reference.gates), 1e-13);
    layer.Forward();
    EXPECT_LT(Difference(layer.reset_hidden, reference.reset_hidden), 1e-13);
    EXPECT_LT(Difference(layer.batch_hidden, reference.batch_hidden), 1e-13);
    Layer<float> single(c.config, c.lengths, c.initial);
    single.Forward();
    EXPECT_LT(Difference(single.hidden, reference.hidden), 3e-6);
  }
}

TEST_F(GruTest, BackwardIsTheSlopeOfForward) {
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
    if (c.initial) check(layer.h0, layer.h0_grad, "initial hidden");
  }
}

TEST_F(GruTest, SinglePrecisionFollowsDouble) {
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
  }
}

TEST_F(GruTest, LongAndManySequences) {
  for (const auto& lengths : {std::vector<int64_t>{10000}, std::vector<int64_t>(300, 2)}) {
    Layer<double> exact({.hidden = 3}, lengths, false);
    exact.Forward();
    exact.Backward();
    EXPECT_LT(Difference(exact.hidden, Reference(exact).hidden), 1e-12);
    Layer<float> single({.hidden = 3}, lengths, false);
    single.Forward();
    single.Backward();
    EXPECT_LT(Difference(single.hidden, exact.hidden), 1e-5);
    EXPECT_LT(Difference(single.weight_grad, exact.weight_grad), 1e-3);
  }
}

TEST_F(GruTest, NoRowsAtAll) {
  for (const auto& lengths : {std::vector<int64_t>{}, std::vector<int64_t>{0, 0}}) {
    Layer<float> layer({.hidden = 4}, lengths, true);
    layer.Forward();
    layer.Backward();
    for (const auto* gradient : {&layer.weight_grad, &layer.bias_grad, &layer.h0_grad})
      for (const float g : *gradient) EXPECT_EQ(g, 0.0f);
  }
}

}  // namespace
}  // namespace paddle
