// cudnn_lstm on the GPU: one call of cuDNN for all layers, with the parameters where they are. Where elements are
// dropped between layers it is a call a layer: cuDNN would draw its own random numbers, and both devices shall drop the
// same.
#include <algorithm>
#include <vector>

#include "paddle/math/cuda/copy.h"
#include "paddle/math/cuda/launch.h"
#include "paddle/math/cuda/lstm_layers.h"
#include "paddle/math/cuda/scratch.h"
#include "paddle/op/registry.h"
#include "paddle/ops/random/dropout.h"
#include "paddle/ops/rnn/cudnn_lstm.h"
#include "paddle/ops/rnn/recurrent.h"

namespace paddle {
namespace {

using cuda::LstmLayers;

// What is computed, by which calls: of all layers or of one each; none where there are no elements.
struct Stack {
  StackedLstmConfig config;
  bool input_grad = false;  // whether it is wanted
  std::vector<LstmLayers> calls;
  size_t bytes = 0;
  size_t scratch_bytes() const { return bytes; }

  bool split() const { return calls.size() > 1; }
  int64_t input_size() const { return config.steps * config.batch * config.weights.input; }
  int64_t output_size() const {  // of each layer
    return config.steps * config.batch * config.weights.directions * config.weights.hidden;
  }
  int64_t states_size() const { return config.weights.pseudo_layers() * config.batch * config.weights.hidden; }
  // Where the states of a call begin.
  int64_t states(size_t call) const { return states_size() / config.weights.layers * static_cast<int64_t>(call); }
  CudnnLstmWeights layer(size_t call) const {
    const auto& w = config.weights;
    return {call ? w.directions * w.hidden : w.input, w.hidden, 1, w.directions};
  }
};

// The temporary memory of either pass, where there are calls.
template <class T>
struct Memory {
  Memory(const Stack& stack, bool backward, std::byte* scratch) : arrays(scratch) {
    const size_t calls = stack.calls.size();
    if (stack.split()) {
      const int64_t widest = std::max(stack.layer(0).size(), stack.layer(1).size());
      weights = arrays.Take<T>(widest);
      if (backward) weights_grad = arrays.Take<T>(widest), dropped = arrays.Take<T>(stack.output_size());
    }
    // Forward, two layers' outputs are alive; backward, all are: the last layer's is computed again as well.
    for (size_t l = 0; l < (backward ? calls : std::min<size_t>(calls - 1, 2)); ++l)
      outputs.push_back(arrays.Take<T>(stack.output_size()));
    if (backward) {
      if (!stack.input_grad) input_grad = arrays.Take<T>(stack.input_size());
      for (size_t k = 0; k < 2; ++k)
        if (calls > 2 - k) grads[k] = arrays.Take<T>(stack.output_size());
      for (const LstmLayers& call : stack.calls)
        reserves.push_back(arrays.Take<std::byte>(static_cast<int64_t>(call.reserve_bytes())));
    }
    size_t most = 0;
    for (const LstmLayers& call : stack.calls) most = std::max(most, call.scratch_bytes());
    calls_scratch = arrays.Take<std::byte>(static_cast<int64_t>(most));
  }

  cuda::ScratchArrays arrays;
  T *weights = nullptr, *weights_grad = nullptr;  // of one layer, in cuDNN's layout of it
  T* dropped = nullptr;                           // what comes into a layer but the first
  std::vector<T*> outputs;                        // of the layers, before elements are dropped
  T* input_grad = nullptr;                        // where nobody asks for it
  T* grads[2] = {};                               // of the inputs of even layers (but the first) and of odd ones
  std::vector<std::byte*> reserves;
  std::byte* calls_scratch = nullptr;
};

template <bool kBackward>
Stack Prepare(const CudaContext& context, const CudnnLstmAttrs& attrs, const OpMetas& metas) {
  const TensorMeta& input = metas.In("Input");
  Stack stack{
      .config = ConfigOf(attrs, input.dims), .input_grad = kBackward && metas.HasOut("Input@GRAD"), .calls = {}};
  const auto& c = stack.config;
  if (c.steps == 0 || c.batch == 0) return stack;
  const auto add = [&](const CudnnLstmWeights& weights) {
    stack.calls.emplace_back(context, input.dtype, cuda::LstmLayersShape{weights, c.steps, c.batch}, kBackward);
  };
  if (c.dropout == 0 || c.weights.layers == 1) {
    add(c.weights);
  } else {
    for (size_t l = 0; l < 2; ++l) add(stack.layer(l));
    stack.calls.resize(static_cast<size_t>(c.weights.layers), stack.calls.back());  // layers above are alike
  }
  stack.bytes = VisitFloat(input.dtype, [&]<class T>() { return Memory<T>(stack, kBackward, nullptr).arrays.used(); });
  return stack;
}

// ---- what both passes do ----

template <class T>
class Layers {
 public:
  Layers(const CudaContext& context, const Stack& stack, math::Philox random, const T* weights, Memory<T>* memory)
      : context_(context), stack_(stack), random_(random), weights_(weights), memory_(*memory) {}

  // The parameters of call l, one behind the other.
  const T* Weights(size_t l) const {
    if (!stack_.split()) return weights_;
    ForEachPart(l, [&](int64_t whole, int64_t part, int64_t n) { Copy(weights_ + whole, n, memory_.weights + part); });
    return memory_.weights;
  }
  void PutWeightsGrad(size_t l, const T* part_grad, T* weights_grad) const {
    ForEachPart(l, [&](int64_t whole, int64_t part, int64_t n) { Copy(part_grad + part, n, weights_grad + whole); });
  }

  // What of layer l's output goes into the next one, or the same for gradients.
  void Drop(size_t l, const T* from, T* to) const {
    const DropoutAttrs attrs{.dropout_prob = stack_.config.dropout, .dropout_implementation = "upscale_in_train"};
    const uint64_t threshold = DropThreshold(attrs);
    const T scale = KeptScale<T>(attrs);
    const math::Philox random = random_;
    const int64_t n = stack_.output_size(), first = static_cast<int64_t>(l) * n, first_block = first / 4;
    // One thread a block of four random numbers, of which the first and the last may go to other layers.
    cuda::ForEach(context_, (first + n + 3) / 4 - first_block, [=] __device__(int64_t block) {
      const auto bits = random(static_cast<uint64_t>(first_block + block));
      for (int k = 0; k < 4; ++k) {
        const int64_t i = (first_block + block) * 4 + k - first;
        if (i >= 0 && i < n) to[i] = bits[k] >= threshold ? from[i] * scale : T(0);
      }
    });
  }

  void Copy(const T* from, int64_t n, T* to) const {
    context_.Copy(reinterpret_cast<std::byte*>(to), reinterpret_cast<const std::byte*>(from), Bytes(n));
  }
  void SetZero(T* to, int64_t n) const { context_.SetZero(reinterpret_cast<std::byte*>(to), Bytes(n)); }

 private:
  static size_t Bytes(int64_t n) { return static_cast<size_t>(n) * sizeof(T); }

  // f(first among all parameters, first among those of layer l, how many): for its matrices and for its biases.
  template <class F>
  void ForEachPart(size_t l, const F& f) const {
    const auto &all = stack_.config.weights, one = stack_.layer(l);
    const int64_t p = static_cast<int64_t>(l) * all.directions;
    f(all.matrices(p), 0, one.biases(0));
    f(all.biases(p), one.biases(0), one.size() - one.biases(0));
  }

  const CudaContext& context_;
  const Stack& stack_;
  const math::Philox random_;
  const T* const weights_;
  Memory<T>& memory_;
};

template <class T>
T* From(T* states, int64_t first) {
  return states ? states + first : nullptr;
}

// ---- cudnn_lstm ----

// Without a step the last states are the initial ones.
void PassOn(const CudaContext& context, const Tensor& initial, Tensor* last) {
  if (last) cuda::CopyElements(context, initial, last);
}

void Run(const CudaContext& context, const CudnnLstmAttrs& attrs, Stack& stack, const RandomSource& random,
         const OpDesc& op, Scratch scratch, const Tensor& input, const Tensor& initial_h, const Tensor& initial_c,
         const Tensor& w, const Tensor*, Tensor& out, Tensor* last_h, Tensor* last_c) {
  if (stack.calls.empty()) return PassOn(context, initial_h, last_h), PassOn(context, initial_c, last_c);
  VisitFloat(input.dtype(), [&]<class T>() {
    Memory<T> memory(stack, false, scratch.data);
    const Layers<T> layers(context, stack, DropStreamOf(attrs, random, op.Output("Out")[0]), w.data<T>(), &memory);
    const T* from = input.data<T>();
    for (size_t l = 0; l < stack.calls.size(); ++l) {
      const bool last = l + 1 == stack.calls.size();
      T* to = last ? out.mutable_data<T>() : memory.outputs[l % 2];
      stack.calls[l].Run<T>(context,
                            {.input = from,
                             .initial_hidden = initial_h.data<T>() + stack.states(l),
                             .initial_cell = initial_c.data<T>() + stack.states(l),
                             .weights = layers.Weights(l),
                             .out = to,
                             .scratch = memory.calls_scratch},
                            From(DataOf<T>(last_h), stack.states(l)), From(DataOf<T>(last_c), stack.states(l)));
      if (!last) layers.Drop(l, to, to);
      from = to;
    }
  });
}

// ---- cudnn_lstm_grad ----

// Without a step the gradients of the last states are those of the initial ones.
void PassOnGrad(const CudaContext& context, const Tensor* last, Tensor* initial) {
  if (!initial) return;
  if (last)
    cuda::CopyElements(context, *last, initial);
  else
    context.SetZero(initial->mutable_raw(), initial->bytes());
}

template <class T>
struct GradArgs {
  const T *input, *initial_h, *initial_c, *d_out, *d_last_h, *d_last_c;
  T *d_initial_h, *d_initial_c, *d_input, *d_w;  // null: not wanted
};

template <class T>
class Backward {
 public:
  Backward(const CudaContext& context, const Stack& stack, const Layers<T>& layers, const GradArgs<T>& args,
           Memory<T>* memory)
      : context_(context), stack_(stack), layers_(layers), args_(args), memory_(*memory) {}

  void Run() {
    const size_t calls = stack_.calls.size();
    for (size_t l = 0; l < calls; ++l) stack_.calls[l].Run<T>(context_, ArgsOf(l), nullptr, nullptr);
    const T* grad = args_.d_out;
    for (size_t l = calls; l-- > 0;) {
      T* below = l > 0 ? memory_.grads[l % 2] : args_.d_input ? args_.d_input : memory_.input_grad;
      RunOne(l, grad, below);
      if (l > 0) layers_.Drop(l - 1, below, below);
      grad = below;
    }
  }

 private:
  // Fetches what stands in memory for one layer only.
  cuda::LstmLayersArgs<T> ArgsOf(size_t l) {
    if (l > 0) layers_.Drop(l - 1, memory_.outputs[l - 1], memory_.dropped);
    return {.input = l > 0 ? memory_.dropped : args_.input,
            .initial_hidden = args_.initial_h + stack_.states(l),
            .initial_cell = args_.initial_c + stack_.states(l),
            .weights = layers_.Weights(l),
            .out = memory_.outputs[l],
            .reserve = memory_.reserves[l],
            .scratch = memory_.calls_scratch};
  }

  void RunOne(size_t l, const T* grad, T* below) {
    const LstmLayers& call = stack_.calls[l];
    const int64_t states = stack_.states(l);
    const auto args = ArgsOf(l);
    call.RunGrad<T>(context_, args,
                    {.out = grad,
                     .last_hidden = From(args_.d_last_h, states),
                     .last_cell = From(args_.d_last_c, states),
                     .input = below,
                     .initial_hidden = From(args_.d_initial_h, states),
                     .initial_cell = From(args_.d_initial_c, states)});
    if (!args_.d_w) return;
    T* d_w = stack_.split() ? memory_.weights_grad : args_.d_w;
    layers_.SetZero(d_w, stack_.split() ? stack_.layer(l).size() : stack_.config.weights.size());
    call.AddWeightsGrad<T>(context_, args, d_w);
    if (stack_.split()) layers_.PutWeightsGrad(l, d_w, args_.d_w);
  }

  const CudaContext& context_;
  const Stack& stack_;
  const Layers<T>& layers_;
  const GradArgs<T>& args_;
  Memory<T>& memory_;
};

void RunGrad(const CudaContext& context, const CudnnLstmAttrs& attrs, Stack& stack, const RandomSource& random,
             const OpDesc& op, Scratch scratch, const Tensor*, const Tensor& initial_c, const Tensor& initial_h,
             const Tensor& input, const Tensor*, const Tensor& d_out, const Tensor& w, const Tensor* d_last_c,
             const Tensor* d_last_h, Tensor* d_initial_c, Tensor* d_initial_h, Tensor* d_input, Tensor* d_w) {
  if (stack.calls.empty()) {
    PassOnGrad(context, d_last_h, d_initial_h);
    PassOnGrad(context, d_last_c, d_initial_c);
    if (d_w) context.SetZero(d_w->mutable_raw(), d_w->bytes());
    return;
  }
  VisitFloat(input.dtype(), [&]<class T>() {
    Memory<T> memory(stack, true, scratch.data);
    const Layers<T> layers(context, stack, DropStreamOf(attrs, random, op.Input("Out")[0]), w.data<T>(), &memory);
    const GradArgs<T> args{.input = input.data<T>(),
                           .initial_h = initial_h.data<T>(),
                           .initial_c = initial_c.data<T>(),
                           .d_out = d_out.data<T>(),
                           .d_last_h = DataOf<T>(d_last_h),
                           .d_last_c = DataOf<T>(d_last_c),
                           .d_initial_h = DataOf<T>(d_initial_h),
                           .d_initial_c = DataOf<T>(d_initial_c),
                           .d_input = DataOf<T>(d_input),
                           .d_w = DataOf<T>(d_w)};
    Backward<T>(context, stack, layers, args, &memory).Run();
  });
}

[[maybe_unused]] const Registered kKernels[] = {
    RegisterKernel("cudnn_lstm", Prepare<false>, Run),
    RegisterKernel("cudnn_lstm_grad", Prepare<true>, RunGrad),
};

}  // namespace
}  // namespace paddle
