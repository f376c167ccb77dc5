#pragma once
// What the kernels of cudnn_lstm share on all devices.

#include "paddle/op/kernel.h"
#include "paddle/op/op_def.h"
#include "paddle/ops/rnn/stacked_lstm.h"

namespace paddle {

struct CudnnLstmAttrs {
  int32_t max_len = 20;
  float dropout_prob = 0;
  bool is_bidirec = false;
  int32_t input_size = 10;
  int32_t hidden_size = 100;
  int32_t num_layers = 1;
  bool is_test = false;
  int32_t seed = -1;

  static auto Fields() {
    using A = CudnnLstmAttrs;
    return std::tuple{
        Field{"max_len", &A::max_len, "The most steps that Input may have."},
        Field{"dropout_prob", &A::dropout_prob,
              "Of each output of a layer but the last: the probability to be dropped. Those kept are divided by 1 - "
              "dropout_prob."},
        Field{"is_bidirec", &A::is_bidirec, "Whether each layer has a second LSTM, which runs from the last step on."},
        Field{"input_size", &A::input_size, "I, the columns of Input."},
        Field{"hidden_size", &A::hidden_size, "H, the units of each LSTM."},
        Field{"num_layers", &A::num_layers, "Number of layers."},
        Field{"is_test", &A::is_test, "Whether to compute what inference needs: nothing is dropped."},
        Field{"seed", &A::seed, "Unless -1, the seed of what is dropped, the same in every run."}};
  }
  int64_t directions() const { return is_bidirec ? 2 : 1; }
};

inline CudnnLstmWeights WeightsOf(const CudnnLstmAttrs& attrs) {
  return {attrs.input_size, attrs.hidden_size, attrs.num_layers, attrs.directions()};
}

inline StackedLstmConfig ConfigOf(const CudnnLstmAttrs& attrs, const Dims& input) {
  return {.weights = WeightsOf(attrs),
          .steps = input[0],
          .batch = input[1],
          .dropout = attrs.is_test ? 0 : attrs.dropout_prob};
}

// What is dropped. The gradient op draws it again: by the name of Out, which both ops have, not by an op's number.
inline math::Philox DropStreamOf(const CudnnLstmAttrs& attrs, const RandomSource& random, std::string_view out) {
  if (attrs.seed != -1) return math::Philox(static_cast<uint32_t>(attrs.seed), 0, 0);
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : out) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return math::Philox(random.run.seed ^ hash, random.run.step, 0);
}

}  // namespace paddle
