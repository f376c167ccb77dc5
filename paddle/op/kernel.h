#pragma once
// Kernels are plain functions; their signature says what they take:
//
//   void Name(const CpuContext&, const Attrs&, [State&,] [environment...,] inputs..., outputs...)
//
// One parameter a slot, in the slots' order:
//   const Tensor&   an input             Tensor&   an output
//   const Tensor*   an optional input    Tensor*   an output that may be unwanted       (null when not there)
//   Span<const Tensor>  a repeated one   Span<Tensor>  a repeated output                (entries may be null)
// and the same with SelectedRows, TensorArray, Opaque; Variable where the kernel looks at the kind itself.
// Environment: const RandomSource&, BlockRunner&, const OpDesc&, Scratch.

#include <functional>
#include <memory>
#include <span>
#include <typeindex>
#include <utility>
#include <vector>

#include "paddle/device/context.h"
#include "paddle/op/infer.h"
#include "paddle/program/program.h"
#include "paddle/tensor/variable.h"

namespace paddle {

template <class T>
using Span = std::span<T* const>;

// Keys of the counter-based random numbers of one op in one run.
struct RandomKey {
  uint64_t seed = 0, step = 0;
  uint32_t op = 0;
};

struct RandomSource {
  RandomKey run;  // of this op in this run
  // An op's own seed, when it is not 0, repeats the same numbers in every run.
  RandomKey Key(int64_t op_seed) const { return op_seed ? RandomKey{static_cast<uint64_t>(op_seed), 0, 0} : run; }
};

// One run of an op's block, over its own variables and those of the blocks around it.
class BlockRun {
 public:
  virtual ~BlockRun();
  // What stands for a variable of the block's own in this run: one in the op's BlockVars::given.
  // Give: that value; the block may share its memory, but changes a copy. Lend: that variable, which the block changes.
  virtual void Give(const std::string& name, const Tensor& value) = 0;
  virtual void Lend(const std::string& name, Variable* variable) = 0;
  // Whether an op of the block writes what was lent.
  virtual bool Writes(const std::string& name) const = 0;
  virtual void Run() = 0;
  // What a variable of the block's own holds after the run: one in BlockVars::taken. Null when nothing was computed.
  virtual const Variable* Taken(const std::string& name) = 0;
};

// Runs the block of a control-flow op for its kernel. The runtime implements it.
class BlockRunner {
 public:
  virtual ~BlockRunner();
  // The next run of the op's block. With `keep` its variables stay for the gradient op, until the op's output of step
  // scopes is released; without, it takes the place of the run before, whose variables are gone when it starts.
  virtual BlockRun& Next(bool keep) = 0;
  // For the kernel of a gradient op: how many runs of the forward op's block were kept, and a run of the gradient block
  // over the variables of number `run` of them. Throws InvalidArgument when `kept` holds no runs of that block.
  virtual int CountKept(const Opaque& kept) const = 0;
  virtual BlockRun& Back(const Opaque& kept, int run) = 0;
};

// Temporary memory of a kernel, as many bytes as its State's scratch_bytes() said.
struct Scratch {
  std::byte* data = nullptr;
  size_t size = 0;
};

struct KernelCall {
  const DeviceContext* context = nullptr;
  const void* attrs = nullptr;
  void* state = nullptr;
  Scratch scratch;
  RandomSource random;
  BlockRunner* blocks = nullptr;
  const OpDesc* desc = nullptr;
  void* const* args = nullptr;  // objects held by the variables (or the variables, see ArgKind::kAny)
  const uint16_t* begin = nullptr;
};

enum class ArgKind { kTensor, kSelectedRows, kTensorArray, kOpaque, kAny };

struct KernelArg {
  ArgKind kind;
  bool output, pointer, repeated;
};

struct Kernel {
  DeviceType device = DeviceType::kCpu;
  std::type_index attrs = typeid(void);
  std::vector<KernelArg> args;  // one a slot
  std::function<void(const KernelCall&)> run;
  // Null when the kernel needs nothing prepared.
  std::function<std::shared_ptr<void>(const DeviceContext&, const void* attrs, const OpMetas&)> prepare;
  std::function<size_t(const void* state)> scratch_bytes;
};

namespace internal {

template <class T>
struct KindOf;
template <>
struct KindOf<Tensor> {
  static constexpr ArgKind value = ArgKind::kTensor;
};
template <>
struct KindOf<SelectedRows> {
  static constexpr ArgKind value = ArgKind::kSelectedRows;
};
template <>
struct KindOf<TensorArray> {
  static constexpr ArgKind value = ArgKind::kTensorArray;
};
template <>
struct KindOf<Opaque> {
  static constexpr ArgKind value = ArgKind::kOpaque;
};
template <>
struct KindOf<Variable> {
  static constexpr ArgKind value = ArgKind::kAny;
};

template <class T>
inline constexpr bool is_const_ref = std::is_const_v<std::remove_reference_t<T>>;

// An argument that may come from outside the plan: SelectedRows must be whole.
template <class T>
T* Checked(T* held) {
  if constexpr (std::is_same_v<T, const SelectedRows> || std::is_same_v<T, const Variable>)
    if (held) held->CheckRows();
  return held;
}

// How one parameter is found in a KernelCall: from the environment, or from a slot.
template <class P>
struct Param;

template <class P>
struct EnvParam {
  static constexpr bool kSlot = false;
};
template <>
struct Param<const RandomSource&> : EnvParam<const RandomSource&> {
  static const RandomSource& Get(const KernelCall& call, int) { return call.random; }
};
template <>
struct Param<BlockRunner&> : EnvParam<BlockRunner&> {
  static BlockRunner& Get(const KernelCall& call, int) { return *call.blocks; }
};
template <>
struct Param<const OpDesc&> : EnvParam<const OpDesc&> {
  static const OpDesc& Get(const KernelCall& call, int) { return *call.desc; }
};
template <>
struct Param<Scratch> : EnvParam<Scratch> {
  static Scratch Get(const KernelCall& call, int) { return call.scratch; }
};

template <class T>
struct Param<T&> {
  static constexpr bool kSlot = true;
  static constexpr KernelArg kArg{KindOf<std::remove_const_t<T>>::value, !std::is_const_v<T>, false, false};
  static T& Get(const KernelCall& call, int slot) { return *Checked(static_cast<T*>(call.args[call.begin[slot]])); }
};
template <class T>
struct Param<T*> {
  static constexpr bool kSlot = true;
  static constexpr KernelArg kArg{KindOf<std::remove_const_t<T>>::value, !std::is_const_v<T>, true, false};
  static T* Get(const KernelCall& call, int slot) {
    return call.begin[slot] == call.begin[slot + 1] ? nullptr : Checked(static_cast<T*>(call.args[call.begin[slot]]));
  }
};
template <class T>
struct Param<std::span<T* const>> {
  static constexpr bool kSlot = true;
  static constexpr KernelArg kArg{KindOf<std::remove_const_t<T>>::value, !std::is_const_v<T>, true, true};
  static std::span<T* const> Get(const KernelCall& call, int slot) {
    const int begin = call.begin[slot];
    const std::span<T* const> held{reinterpret_cast<T* const*>(call.args + begin),
                                   static_cast<size_t>(call.begin[slot + 1] - begin)};
    for (T* one : held) Checked(one);
    return held;
  }
};

// Index of the slot that parameter k of Ps takes.
template <class... Ps>
constexpr int SlotIndex(int k) {
  constexpr bool kSlots[] = {Param<Ps>::kSlot..., false};
  int slot = 0;
  for (int i = 0; i < k; ++i) slot += kSlots[i];
  return slot;
}

template <class P>
void AddArg(std::vector<KernelArg>* args) {
  if constexpr (Param<P>::kSlot) args->push_back(Param<P>::kArg);
}

template <class Context, class Attrs, class... Ps>
Kernel MakeKernel(void (*fn)(const Context&, const Attrs&, Ps...)) {
  Kernel kernel;
  kernel.device = Context::kDevice;
  kernel.attrs = typeid(Attrs);
  (..., AddArg<Ps>(&kernel.args));
  kernel.run = [fn](const KernelCall& call) {
    [&]<size_t... I>(std::index_sequence<I...>) {
      fn(*static_cast<const Context*>(call.context), *static_cast<const Attrs*>(call.attrs),
         Param<Ps>::Get(call, SlotIndex<Ps...>(I))...);
    }
    (std::index_sequence_for<Ps...>{});
  };
  return kernel;
}

template <class State, class Context, class Attrs, class... Ps>
Kernel MakeKernel(State (*prepare)(const Context&, const Attrs&, const OpMetas&),
                  void (*fn)(const Context&, const Attrs&, State&, Ps...)) {
  Kernel kernel;
  kernel.device = Context::kDevice;
  kernel.attrs = typeid(Attrs);
  (..., AddArg<Ps>(&kernel.args));
  kernel.run = [fn](const KernelCall& call) {
    [&]<size_t... I>(std::index_sequence<I...>) {
      fn(*static_cast<const Context*>(call.context), *static_cast<const Attrs*>(call.attrs),
         *static_cast<State*>(call.state), Param<Ps>::Get(call, SlotIndex<Ps...>(I))...);
    }
    (std::index_sequence_for<Ps...>{});
  };
  kernel.prepare = [prepare](const DeviceContext& context, const void* attrs,
                             const OpMetas& metas) -> std::shared_ptr<void> {
    return std::make_shared<State>(
        prepare(static_cast<const Context&>(context), *static_cast<const Attrs*>(attrs), metas));
  };
  if constexpr (requires(const State& state) { state.scratch_bytes(); })
    kernel.scratch_bytes = [](const void* state) { return static_cast<const State*>(state)->scratch_bytes(); };
  return kernel;
}

}  // namespace internal
}  // namespace paddle
