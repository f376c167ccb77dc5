#pragma once
// All that a run of a plan changes: values, arena, prepared states.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "paddle/device/context.h"
#include "paddle/op/kernel.h"
#include "paddle/runtime/memory_plan.h"
#include "paddle/runtime/plan.h"
#include "paddle/tensor/scope.h"

namespace paddle {

// What one finished instruction was and how long it took, for the profiler.
using InstructionHook = std::function<void(const Instruction&, uint64_t begin_ns, uint64_t end_ns)>;

struct RunOptions {
  RandomKey random;                       // op numbers are added by the frame
  const InstructionHook* hook = nullptr;  // null: not profiled
  bool check_nan_inf = false;
};

// Finds the variables that live outside a plan.
class Environment {
 public:
  virtual ~Environment();
  virtual Variable* Find(const std::string& name) = 0;
  virtual Variable& Make(const std::string& name) = 0;
  // Differs whenever a variable may have been made, erased or replaced.
  virtual uint64_t version() const = 0;
};

class Iteration;
class Iterations;
class ArenaPool;

// Runs one plan, one run at a time. Keeps its memory from run to run: a step that fits it allocates nothing.
class Frame final : public BlockRunner {
 public:
  Frame(std::shared_ptr<const Plan> plan, const DeviceContext& context);
  // For a run of a block: what is not needed after it lies in `pool`, where it shares memory with other such frames.
  Frame(std::shared_ptr<const Plan> plan, const DeviceContext& context, std::shared_ptr<ArenaPool> pool);
  ~Frame() override;

  // `feeds`: one tensor a plan feed. Throws the first error of any instruction with its op, arguments and user line.
  void Run(Environment& environment, std::span<const Tensor> feeds, const RunOptions& options);

  // Fetched values, copied out; call after Run. Buffers come from a pool and belong to the caller.
  Variable Fetch(int i);
  // Lets go of what was fed, fetched or kept; call after the fetches.
  void Finish();

  const Plan& plan() const { return *plan_; }
  const void* bound_environment() const { return environment_; }
  // Of this frame and those of its blocks.
  size_t arena_bytes() const;
  // Where a value lies: offset in the arena and bytes reserved; {-1, 0} when it is not in the arena.
  struct Placement {
    int64_t offset = -1;
    size_t bytes = 0;
  };
  Placement PlacementOf(int value) const;
  // Gives the arena back; the next run takes it again.
  void Trim();

  // What the variable `name` of the block's own holds after a run, if it is one of the plan's `kept`; else null.
  Variable* FindKept(const std::string& name);
  // What a variable within a block held after the last run of that block, if it is among the fetches; else null.
  const Variable* FindFetched(const std::string& name) const;
  // The frame of the first run of an instruction's block; null before there was one.
  const Frame* FrameOfBlock(int instruction) const;

  // BlockRunner, for the instruction at hand.
  BlockRun& Next(bool keep) override;
  int CountKept(const Opaque& kept) const override;
  BlockRun& Back(const Opaque& kept, int run) override;

 private:
  friend class Iteration;

  // What a State depends on.
  struct Shape {
    DType dtype = DType::kFloat32;
    Dims dims;
    int64_t sequences = 0;  // of the last LoD level
    explicit Shape(const TensorMeta* meta);
    bool Of(const TensorMeta& meta) const {
      return dtype == meta.dtype && dims == meta.dims && sequences == meta.lod.last_sequences();
    }
  };
  // What a kernel prepared for one set of shapes.
  struct Prepared {
    std::vector<Shape> shapes;  // one an argument
    std::shared_ptr<void> state;
    size_t scratch_bytes = 0;
    uint64_t used = 0;  // in which of the frame's preparations
  };
  // Per instruction: arguments in the plan's order.
  struct Step {
    std::vector<void*> args;             // what the kernel gets
    std::vector<TensorMeta*> metas;      // what infer reads and writes
    std::vector<const Tensor*> tensors;  // for infer that reads values
    struct CopyFirst {
      int output_arg, input_arg;
      void* from;
    };
    // An output outside the frame (or of a block) whose size the kernel decides, or that is also an input of an op that
    // cannot work in place: made apart and handed over when the kernel succeeded, so that a failure changes nothing.
    struct HandOver {
      int arg, value;
      bool may_share;  // may be computed in place when its sizes stay
      bool in_place = false;
      Tensor own = {};
    };
    // What inference must leave an argument as.
    struct Check {
      TensorMeta* meta;
      VarKind kind;
      bool output;
      bool known;  // every size must be
      bool rows;   // a LoD must describe the rows
      int value;
    };
    std::vector<Check> checks;
    std::vector<CopyFirst> copy_first;                  // must-share pairs under two names
    std::vector<std::pair<int, int>> external_outputs;  // argument, value
    std::vector<std::unique_ptr<HandOver>> handed_over;
    std::vector<int> dynamic_outputs;  // arguments
    size_t scratch_mark = 0;           // where shapes are inferred at the instruction's turn: the most so far
    std::vector<Prepared> prepared;    // for the shapes seen last: steps may take turns among a few
    void* state = nullptr;             // the one among them for the shapes at hand
    size_t scratch_bytes = 0;
    int scratch_interval = -1;
    BufferPtr scratch;                 // when it is not in the arena
    std::shared_ptr<Iterations> runs;  // of its block
  };

  void Ready(Environment& environment, std::span<const Tensor> feeds);
  void Reset();
  void Bind(Environment& environment);
  void BindStep(int i);
  void BindOutput(int i, int arg, bool any);
  void BindChecks(int i);
  void BindFeeds(std::span<const Tensor> feeds);
  void MoveExternals();
  bool ExternalsChanged();
  void CheckReadable();
  void InferStatic();
  void InferStep(int i);
  void CheckInferred(int i);
  void PrepareState(int i);
  void PlanMemory();
  void GroupValues(bool headroom);
  void GroupScratch(const std::vector<Interval>& old_intervals, bool headroom);
  std::string DescribeLargest() const;
  bool InPlaceHolds() const;
  bool FitsMarks() const;
  bool PlacedAtTurn(int i) const;
  void SettleDynamic(int i, int arg);
  void TakeArenas();
  void BindArena();
  const BufferPtr& ArenaOf(const Interval& interval) const;
  void RunStep(int i, const RunOptions& options);
  void RunKernel(int i, const RunOptions& options);
  void StartBlock(int i);
  void KeepFetched(const Instruction& instruction, Iteration& run);
  void SettleOutputs(int i);
  void SettleHandOver(int i, Step::HandOver* output);
  Scratch ScratchOf(int i);
  void PublishOutputs(int i);
  void CheckInputs(int i) const;
  void CheckNanInf(int i) const;
  Tensor CopyOut(const Tensor& from) const;
  Variable CopyOut(const Variable& from, const std::string& name) const;
  const DeviceContext& ContextOf(bool on_host) const;
  TensorMeta* MetaOf(int value);
  Variable* VariableOf(int value);
  void CheckKind(int external) const;
  [[noreturn]] void ThrowMissing(const External& external) const;
  std::string DescribeReader(const External& external) const;

  std::shared_ptr<const Plan> plan_;
  const DeviceContext& context_;
  std::vector<Step> steps_;
  std::vector<Variable> values_;                          // one a value; those outside the frame stay unused
  std::vector<TensorMeta> shadows_;                       // metas of external values, as of their version
  std::map<std::string, Variable, std::less<>> fetched_;  // from blocks
  std::vector<Variable*> externals_;                      // one a plan external
  std::vector<TensorMeta> external_metas_;                // what they were when shapes were inferred last
  std::vector<TensorMeta> feed_metas_;

  Environment* environment_ = nullptr;
  uint64_t environment_version_ = 0;
  uint64_t binds_ = 0;  // how often the values moved
  uint64_t preparations_ = 0;
  bool inferred_ = false;

  std::vector<int> group_;     // one a value: index of its interval, or -1
  std::vector<int> in_place_;  // one a value: the one whose memory it takes over by choice, or -1
  std::vector<Interval> intervals_;
  // Values that get their shapes when their instructions' turns come lie in the arena too, where they were not larger
  // in the runs before; one that is gets memory of its own, and a larger place for the next run.
  std::vector<size_t> marks_;  // one a value: the most bytes so far, 0: not of this kind
  bool outgrown_ = false;
  BufferPtr arena_;
  std::shared_ptr<ArenaPool> pool_;  // for the frames of blocks
  BufferPtr* temporary_ = nullptr;   // in the pool: what this frame's temporary values share; null: they are in arena_
  BufferPtr bound_temporary_;
  const RunOptions* options_ = nullptr;
  int running_ = -1;
};

}  // namespace paddle
