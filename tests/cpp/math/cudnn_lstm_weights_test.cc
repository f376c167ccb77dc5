#include "paddle/math/cudnn_lstm_weights.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace paddle {
namespace {

// Parameters of a pseudo-layer in our layout, in memory of its own.
template <class T>
struct Parameters {
  Parameters(const CudnnLstmWeights& w, int64_t p)
      : input(w.width(p) * 4 * w.hidden),
        recurrent(w.hidden * 4 * w.hidden),
        bias(4 * w.hidden),
        recurrent_bias(bias) {}

  LstmParameters<T> To() { return {input.data(), recurrent.data(), bias.data(), recurrent_bias.data()}; }
  LstmParameters<const T> From() const { return {input.data(), recurrent.data(), bias.data(), recurrent_bias.data()}; }

  std::vector<T> input, recurrent, bias, recurrent_bias;
};

const CudnnLstmWeights kShapes[] = {{3, 5, 1, 1}, {3, 5, 2, 1}, {3, 5, 2, 2}, {7, 1, 3, 2}, {1, 34, 2, 1}};

template <class T>
std::vector<T> Numbered(int64_t size) {
  std::vector<T> flat(size);
  std::iota(flat.begin(), flat.end(), T(1));
  return flat;
}

TEST(CudnnLstmWeightsTest, SizesAreThoseOfFluidsPrograms) {
  EXPECT_EQ((CudnnLstmWeights{3, 5, 2, 1}.size()), 440);
  EXPECT_EQ((CudnnLstmWeights{3, 5, 2, 2}.size()), 1080);
}

// Walks the vector from its first to its last element, as cuDNN's reference describes it.
TEST(CudnnLstmWeightsTest, EachElementIsWhereCudnnHasIt) {
  const int ours[] = {1, 2, 0, 3};  // of i, f, c~, o
  for (const auto& w : kShapes) {
    const auto flat = Numbered<double>(w.size());
    std::vector<Parameters<double>> all;
    for (int64_t p = 0; p < w.pseudo_layers(); ++p) {
      all.emplace_back(w, p);
      FromCudnn(w, p, flat.data(), all.back().To());
    }
    double next = 1;
    const auto matrices = [&](const std::vector<double>& matrix, int64_t width) {
      for (const int gate : ours)
        for (int64_t unit = 0; unit < w.hidden; ++unit)
          for (int64_t i = 0; i < width; ++i) ASSERT_EQ(matrix[(i * 4 + gate) * w.hidden + unit], next++);
    };
    for (int64_t p = 0; p < w.pseudo_layers(); ++p) {
      matrices(all[p].input, p < w.directions ? w.input : w.directions * w.hidden);
      matrices(all[p].recurrent, w.hidden);
    }
    for (const auto& parameters : all) {
      matrices(parameters.bias, 1);
      matrices(parameters.recurrent_bias, 1);
    }
    EXPECT_EQ(next, static_cast<double>(w.size() + 1));
  }
}

template <class T>
void CheckRoundTrip(const CudnnLstmWeights& w) {
  const auto flat = Numbered<T>(w.size());
  std::vector<T> back(flat.size());
  for (int64_t p = 0; p < w.pseudo_layers(); ++p) {
    Parameters<T> parameters(w, p);
    FromCudnn(w, p, flat.data(), parameters.To());
    ToCudnn(w, p, parameters.From(), back.data());
  }
  EXPECT_EQ(back, flat);
}

TEST(CudnnLstmWeightsTest, ThereAndBack) {
  for (const auto& w : kShapes) {
    CheckRoundTrip<float>(w);
    CheckRoundTrip<double>(w);
  }
}

}  // namespace
}  // namespace paddle
