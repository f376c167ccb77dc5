#include "paddle/ops/rnn/stacked_lstm.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "paddle/math/gemm.h"
#include "paddle/math/lstm.h"
#include "paddle/math/map.h"
#include "paddle/math/panel.h"
#include "paddle/math/strided.h"
#include "paddle/ops/random/dropout.h"

namespace paddle {
namespace {

// Hands out parts of the scratch; without one it only counts.
class Parts {
 public:
  explicit Parts(std::byte* base) : base_(base) {}

  template <class T>
  T* Take(int64_t elements) {
    T* part = base_ ? reinterpret_cast<T*>(base_ + used_) : nullptr;
    used_ += (static_cast<size_t>(elements) * sizeof(T) + 63) / 64 * 64;  // as vectors are loaded
    return part;
  }
  size_t used() const { return used_; }

 private:
  std::byte* base_;
  size_t used_ = 0;
};

// What a pseudo-layer leaves, by rows.
template <class T>
struct States {
  T *gates, *hidden, *cell;  // [R, 4H], [R, H], [R, H]
};

// The temporary memory of either pass.
template <class T>
struct Memory {
  Memory(const StackedLstmConfig& config, bool backward, std::byte* base) : parts(base) {
    const auto& w = config.weights;
    const int64_t rows = config.steps * config.batch, h = w.hidden, layers = w.layers;
    const int64_t widest = std::max(w.input, layers > 1 ? w.directions * h : 0);
    parameters = {parts.Take<T>(widest * 4 * h), parts.Take<T>(h * 4 * h), parts.Take<T>(4 * h), parts.Take<T>(4 * h)};
    packed = parts.Take<T>(static_cast<int64_t>(
        std::max(PanelElements<T>(LstmForwardPanels(h)), backward ? PanelElements<T>(LstmBackwardPanels(h)) : 0)));
    // Forward, one pseudo-layer's states and two layers' outputs are alive; backward, all are.
    for (int64_t p = 0; p < (backward ? w.pseudo_layers() : 1); ++p)
      states.push_back({parts.Take<T>(rows * 4 * h), parts.Take<T>(rows * h), parts.Take<T>(rows * h)});
    for (int64_t l = 0; l < (backward ? layers : std::min<int64_t>(layers, 3)) - 1; ++l)
      outputs.push_back(parts.Take<T>(rows * w.directions * h));
    if (!backward) return;
    hidden_grad = parts.Take<T>(rows * h);
    cell_grad = parts.Take<T>(rows * h);
    for (int k = 0; k < 2; ++k)
      if (layers > 2 - k) output_grads[k] = parts.Take<T>(rows * w.directions * h);
    parameter_grads = {parts.Take<T>(widest * 4 * h), parts.Take<T>(h * 4 * h), parts.Take<T>(4 * h), nullptr};
    walk = parts.Take<std::byte>(static_cast<int64_t>(LstmBackwardScratch<T>({.hidden = h}, config.batch)));
  }

  Parts parts;
  LstmParameters<T> parameters;
  T* packed;
  std::vector<States<T>> states;
  std::vector<T*> outputs;  // of the layers but the last, with what was dropped
  T *hidden_grad = nullptr, *cell_grad = nullptr;
  T* output_grads[2] = {};  // of inputs of even layers (but the first) and of odd ones
  LstmParameters<T> parameter_grads;
  std::byte* walk = nullptr;
};

// What both passes do.
template <class T>
class Stack {
 public:
  Stack(const StackedLstmConfig& config, const Lod& lod, const T* weights, const math::Philox& random,
        Memory<T>* memory)
      : config_(config), lod_(lod), weights_(weights), random_(random), memory_(*memory) {}

  int64_t rows() const { return config_.steps * config_.batch; }
  int64_t state() const { return config_.batch * config_.weights.hidden; }  // elements of [B, H]
  LstmConfig LayerConfig(int64_t p) const {
    return {.hidden = config_.weights.hidden, .reverse = p % config_.weights.directions == 1, .time_major = true};
  }
  // Where the state behind the last step of pseudo-layer p is, in rows of one step [B, H].
  int64_t LastStep(int64_t p) const { return LayerConfig(p).reverse ? 0 : (config_.steps - 1) * state(); }

  // The parameters of pseudo-layer p, the first bias being the sum of both, into the memory for them.
  const LstmParameters<T>& Unpack(int64_t p) {
    const auto& to = memory_.parameters;
    FromCudnn(config_.weights, p, weights_, to);
    std::transform(to.bias, to.bias + 4 * config_.weights.hidden, to.recurrent_bias, to.bias, std::plus<T>());
    return to;
  }

  void Run(int64_t p, const T* input, const T* initial_hidden, const T* initial_cell, const States<T>& states) {
    const int64_t h = config_.weights.hidden;
    const auto& parameters = Unpack(p);
    Gemm<T>({.m = rows(), .n = 4 * h, .k = config_.weights.width(p)}, 1, input, parameters.input, 0, states.gates);
    PackPanels(LstmForwardPanels(h), parameters.recurrent, memory_.packed);
    RunLstm<T>(LayerConfig(p), lod_,
               {.input = states.gates,
                .bias = parameters.bias,
                .initial_hidden = initial_hidden + p * state(),
                .initial_cell = initial_cell + p * state(),
                .packed = memory_.packed,
                .gates = states.gates,
                .hidden = states.hidden,
                .cell = states.cell});
  }

  // One direction's part of rows of both.
  void PutDirection(int64_t p, const T* part, T* both) const {
    const int64_t h = config_.weights.hidden, d = config_.weights.directions;
    Move({{rows(), h, d * h}, {h, 1, 1}}, part, both + p % d * h);
  }
  void TakeDirection(int64_t p, const T* both, T* part) const {
    const int64_t h = config_.weights.hidden, d = config_.weights.directions;
    Move({{rows(), d * h, h}, {h, 1, 1}}, both + p % d * h, part);
  }

  // Drops elements of what layer `l` gave, or of its gradient.
  void Drop(int64_t l, T* values) const {
    if (config_.dropout == 0) return;
    const DropoutAttrs attrs{.dropout_prob = config_.dropout, .dropout_implementation = "upscale_in_train"};
    const uint64_t threshold = DropThreshold(attrs);
    const T scale = KeptScale<T>(attrs);
    const int64_t n = rows() * config_.weights.directions * config_.weights.hidden, first = l * n;
    ParallelFor(n, math::kCostlyGrain, [&](int64_t begin, int64_t end) {
      math::ForEachRandom(random_, first + begin, first + end, [&](int64_t i, uint32_t bits) {
        T& value = values[i - first];
        value = bits >= threshold ? value * scale : T(0);
      });
    });
  }

 private:
  static void Move(const math::StridedAxes& axes, const T* from, T* to) {
    math::CopyStrided(axes, sizeof(T), reinterpret_cast<const std::byte*>(from), reinterpret_cast<std::byte*>(to));
  }

  const StackedLstmConfig& config_;
  const Lod& lod_;
  const T* weights_;
  const math::Philox random_;
  Memory<T>& memory_;
};

// From the gradients of one pseudo-layer's states to those of what came in.
template <class T>
class StackGrad {
 public:
  StackGrad(const StackedLstmConfig& config, const Lod& lod, const StackedLstmBackward<T>& args, Memory<T>* memory)
      : config_(config),
        lod_(lod),
        args_(args),
        memory_(*memory),
        stack_(config, lod, args.weights, args.random, memory) {}

  void Run() {
    const auto& w = config_.weights;
    for (int64_t p = 0; p < w.pseudo_layers(); ++p) {
      stack_.Run(p, Input(p), args_.initial_hidden, args_.initial_cell, memory_.states[p]);
      if (p + w.directions >= w.pseudo_layers()) continue;  // nobody reads the last layer's output
      T* out = memory_.outputs[p / w.directions];
      stack_.PutDirection(p, memory_.states[p].hidden, out);
      if ((p + 1) % w.directions == 0) stack_.Drop(p / w.directions, out);
    }
    const T* grad = args_.out_grad;
    for (int64_t l = w.layers - 1; l >= 0; --l) {
      T* below = l > 0 ? memory_.output_grads[l % 2] : args_.input_grad;
      for (int64_t d = 0; d < w.directions; ++d) RunOne(l * w.directions + d, grad, below);
      if (l > 0) stack_.Drop(l - 1, below);
      grad = below;
    }
  }

 private:
  const T* Input(int64_t p) const {
    const int64_t l = p / config_.weights.directions;
    return l > 0 ? memory_.outputs[l - 1] : args_.input;
  }

  // `grad`: of the layer's output; `below`: of its input, where the directions add up, or null.
  void RunOne(int64_t p, const T* grad, T* below) {
    const int64_t h = config_.weights.hidden, width = config_.weights.width(p);
    const auto& states = memory_.states[p];
    const auto& parameters = stack_.Unpack(p);
    StateGrads(p, grad);
    PackPanels(LstmBackwardPanels(h), parameters.recurrent, memory_.packed);
    const bool wanted = args_.weights_grad != nullptr;
    RunLstmGrad<T>(stack_.LayerConfig(p), lod_,
                   {.bias = parameters.bias,
                    .initial_hidden = args_.initial_hidden + p * stack_.state(),
                    .initial_cell = args_.initial_cell + p * stack_.state(),
                    .packed = memory_.packed,
                    .gates = states.gates,
                    .hidden = states.hidden,
                    .cell = states.cell,
                    .hidden_grad = memory_.hidden_grad,
                    .cell_grad = args_.last_cell_grad ? memory_.cell_grad : nullptr,
                    .input_grad = states.gates,
                    .weight_grad = wanted ? memory_.parameter_grads.recurrent : nullptr,
                    .bias_grad = wanted ? memory_.parameter_grads.bias : nullptr,
                    .initial_hidden_grad = Of(args_.initial_hidden_grad, p),
                    .initial_cell_grad = Of(args_.initial_cell_grad, p),
                    .scratch = memory_.walk});
    if (below)
      Gemm<T>({.m = stack_.rows(), .n = width, .k = 4 * h, .trans_b = true}, 1, states.gates, parameters.input,
              p % config_.weights.directions ? 1 : 0, below);
    if (wanted) WeightsGrad(p);
    if (config_.steps == 0) PassOn(p);
  }

  T* Of(T* grads, int64_t p) const { return grads ? grads + p * stack_.state() : nullptr; }

  // Gradients of all steps' states: of the output, and at the last step of the states that the op hands out.
  void StateGrads(int64_t p, const T* grad) {
    const int64_t n = stack_.state();
    stack_.TakeDirection(p, grad, memory_.hidden_grad);
    if (args_.last_cell_grad) std::fill_n(memory_.cell_grad, stack_.rows() * config_.weights.hidden, T(0));
    if (config_.steps == 0) return;
    T* last = memory_.hidden_grad + stack_.LastStep(p);
    if (const T* more = args_.last_hidden_grad) std::transform(last, last + n, more + p * n, last, std::plus<T>());
    if (const T* more = args_.last_cell_grad) std::copy_n(more + p * n, n, memory_.cell_grad + stack_.LastStep(p));
  }

  void WeightsGrad(int64_t p) {
    const int64_t h = config_.weights.hidden;
    const auto& grads = memory_.parameter_grads;
    Gemm<T>({.m = config_.weights.width(p), .n = 4 * h, .k = stack_.rows(), .trans_a = true}, 1, Input(p),
            memory_.states[p].gates, 0, grads.input);
    // the cell sees the sum of the biases
    ToCudnn<T>(config_.weights, p, {grads.input, grads.recurrent, grads.bias, grads.bias}, args_.weights_grad);
  }

  // Without a step the last states are the initial ones.
  void PassOn(int64_t p) {
    const int64_t n = stack_.state();
    if (T* to = Of(args_.initial_hidden_grad, p); to && args_.last_hidden_grad)
      std::copy_n(args_.last_hidden_grad + p * n, n, to);
    if (T* to = Of(args_.initial_cell_grad, p); to && args_.last_cell_grad)
      std::copy_n(args_.last_cell_grad + p * n, n, to);
  }

  const StackedLstmConfig& config_;
  const Lod& lod_;
  const StackedLstmBackward<T>& args_;
  Memory<T>& memory_;
  Stack<T> stack_;
};

}  // namespace

template <class T>
size_t StackedLstmScratch(const StackedLstmConfig& config, bool backward) {
  return Memory<T>(config, backward, nullptr).parts.used();
}

template <class T>
void RunStackedLstm(const StackedLstmConfig& config, const Lod& lod, const StackedLstmForward<T>& args) {
  const auto& w = config.weights;
  Memory<T> memory(config, false, args.scratch);
  Stack<T> stack(config, lod, args.weights, args.random, &memory);
  const States<T>& states = memory.states[0];
  const int64_t n = stack.state();
  const T* input = args.input;
  for (int64_t l = 0; l < w.layers; ++l) {
    const bool last = l + 1 == w.layers;
    T* out = last ? args.out : memory.outputs[l % 2];
    for (int64_t p = l * w.directions; p < (l + 1) * w.directions; ++p) {
      stack.Run(p, input, args.initial_hidden, args.initial_cell, states);
      stack.PutDirection(p, states.hidden, out);
      const bool none = config.steps == 0;
      if (args.last_hidden)
        std::copy_n(none ? args.initial_hidden + p * n : states.hidden + stack.LastStep(p), n,
                    args.last_hidden + p * n);
      if (args.last_cell)
        std::copy_n(none ? args.initial_cell + p * n : states.cell + stack.LastStep(p), n, args.last_cell + p * n);
    }
    if (!last) stack.Drop(l, out);
    input = out;
  }
}

template <class T>
void RunStackedLstmGrad(const StackedLstmConfig& config, const Lod& lod, const StackedLstmBackward<T>& args) {
  Memory<T> memory(config, true, args.scratch);
  StackGrad<T>(config, lod, args, &memory).Run();
}

template size_t StackedLstmScratch<float>(const StackedLstmConfig&, bool);
template size_t StackedLstmScratch<double>(const StackedLstmConfig&, bool);
template void RunStackedLstm(const StackedLstmConfig&, const Lod&, const StackedLstmForward<float>&);
template void RunStackedLstm(const StackedLstmConfig&, const Lod&, const StackedLstmForward<double>&);
template void RunStackedLstmGrad(const StackedLstmConfig&, const Lod&, const StackedLstmBackward<float>&);
template void RunStackedLstmGrad(const StackedLstmConfig&, const Lod&, const StackedLstmBackward<double>&);

}  // namespace paddle
