#pragma once
// A program made ready to run for one set of feeds and fetches: an array of instructions over numbered values.
// Immutable once built; all that a run changes is in its Frame.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "paddle/op/op_def.h"
#include "paddle/program/outer_use.h"
#include "paddle/program/program.h"

namespace paddle {

// Where the bytes of a value live.
enum class Home : uint8_t {
  kArena,     // in the frame's arena, placed by lifetime
  kDynamic,   // from the caching allocator: the size is known only when the op ran, or a block writes it
  kFeed,      // the caller's memory
  kExternal,  // in a scope, or in the frame of the block around this one
};

// One version of a variable: what one write made, or what was there before the run.
struct Value {
  std::string name;
  VarKind kind = VarKind::kTensor;
  Home home = Home::kArena;
  int external = -1;  // index into Plan::externals, for Home::kExternal
  int feed = -1;      // index into Plan::feeds, for Home::kFeed
  int def = -1;       // the instruction that makes it; -1: there before the first
  int last = -1;      // the last instruction that needs its bytes; Plan::end() when it is fetched
  bool fetched = false;
  bool on_host = false;  // in the host's memory, though the plan is for a device
  bool varies = true;    // in size from run to run: the program does not tell all its sizes
};

// A variable outside the plan, and whether the plan makes it.
struct External {
  std::string name;
  VarKind kind = VarKind::kTensor;
  bool read_first = false;  // read before it is written: must be there when the run starts
  bool written = false;
  int first_reader = -1;  // the instruction that the error for a missing variable names
  bool on_host = false;   // in the host's memory, though the plan is for a device
};

// Output argument that lives where an input argument lives.
struct SharePair {
  int output_arg, input_arg;
};

struct Plan;

struct Instruction {
  const OpDef* def = nullptr;
  const Kernel* kernel = nullptr;
  std::shared_ptr<const void> attrs;
  OpDesc desc;                   // for errors and printing
  std::vector<int> values;       // one an argument; -1: not there or not wanted
  std::vector<uint16_t> begin;   // first argument of each slot, and one more
  int inputs = 0;                // arguments below this are inputs
  std::vector<bool> dynamic;     // one an argument: an output whose size or LoD the kernel decides
  std::vector<uint8_t> weights;  // one an argument: whether it is an input that nothing in the program writes
  std::vector<SharePair> must_share, may_share;
  std::vector<int> release;           // dynamic values whose last use this is
  std::vector<int> block_values;      // what its sub-block reads and writes of the blocks around it
  std::vector<std::string> fetched;   // variables of its sub-block, or of a block in that, that are fetched
  uint32_t random_id = 0;             // number of the op among all ops of the program, for random streams
  bool infer_at_turn = false;         // its shapes depend on values that earlier instructions compute
  std::shared_ptr<const Plan> block;  // the plan of its sub-block
  bool on_host = false;               // runs on the host, though the plan is for a device
};

// A variable of the blocks around that a block's gradient needs as it was in each run: a copy is kept with the run.
struct Snapshot {
  std::string name;
  int external;  // index into Plan::externals
  bool at_end;   // as the run left it, else as it found it
};

struct Plan {
  int block = 0;           // its number in the program
  int forward_block = -1;  // of a gradient block
  std::vector<Instruction> instructions;
  std::vector<Value> values;
  std::vector<External> externals;
  std::vector<std::string> feeds;
  std::vector<int> feed_values;  // one a feed
  std::vector<std::string> fetches;
  std::vector<int> fetch_values;                 // -1: a variable within a block
  std::map<std::string, int, std::less<>> kept;  // of a block: its own variables that are read after a run
  NameSet given;                                 // of a block: its own variables that are filled in before a run
  std::vector<Snapshot> snapshots;
  std::vector<int> release_at_end;  // fed values, and dynamic ones that are fetched
  std::vector<std::string> passes;  // names of what was applied, in order, with what they did
  Place place;
  bool uses_random = false;
  std::shared_ptr<const ProgramDesc> program;  // the expanded copy that the instructions were made from

  int end() const { return static_cast<int>(instructions.size()); }
};

struct PlanRequest {
  std::vector<std::string> feeds, fetches;
  Place place;
  BlockVars vars = {};  // for a block within another
};

// The plan of block 0. Throws what the program deserves: unknown ops, missing kernels, variables that nothing writes,
// ...
std::shared_ptr<const Plan> BuildPlan(const ProgramDesc& program, const PlanRequest& request);

// The op's text for errors, with the argument metas of a run where `metas` is not null.
std::string DescribeInstruction(const Instruction& instruction, const Plan& plan, TensorMeta* const* metas);

}  // namespace paddle
