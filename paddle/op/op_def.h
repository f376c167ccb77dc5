#pragma once
// How an op is declared: slots, attributes, inference, gradient, expansion, aliases.

#include <deque>
#include <functional>
#include <string_view>
#include <typeindex>
#include <vector>

#include "paddle/op/attributes.h"
#include "paddle/op/grad.h"
#include "paddle/op/infer.h"
#include "paddle/op/kernel.h"

namespace paddle {

enum SlotFlag : unsigned {
  kRepeated = 1,      // any number of variables
  kOptional = 2,      // may be absent
  kIntermediate = 4,  // an output for the gradient op's use
  kMetaOnly = 8,      // only dims, dtype, LoD are read: the bytes may be gone
  kValue = 16,        // infer reads the values; kept on the host
  kDynamic = 32,      // the kernel decides size or LoD of this output
  kNoGradient = 64,   // an input that never gets a gradient (labels, indices)
  kUnread = 128,      // an input that Fluid's programs name but this op does not look at: never there when it runs
  kFlat = 256,        // only the elements in their order are read: any shape of as many will do
};

struct SlotSpec {
  std::string_view name;
  std::string_view doc;
  unsigned flags = 0;

  bool has(SlotFlag flag) const { return (flags & flag) != 0; }
};

// An output and the input whose memory it shares.
struct Alias {
  std::string_view output, input;
};

// Variables of a block's own that its op fills in before each run, and those that it reads after it.
struct BlockVars {
  std::vector<std::string> given, taken;
};

enum OpTrait : unsigned {
  kEffect = 1,     // runs though nothing reads its outputs: prints, saves, reads a queue, calls Python
  kIo = 2,         // touches files, network or Python: refused in programs of others
  kHost = 4,       // lives on the host also in a plan for another device
  kRandom = 8,     // takes random numbers
  kNoPlan = 16,    // handled by the runtime itself (feed, fetch)
  kReshapes = 32,  // output Out has input X's elements in their order
};

// What an author writes.
template <class Attrs>
struct OpSpec {
  std::string_view name;
  std::string_view doc;  // first sentence: what it computes; then source
  std::vector<SlotSpec> inputs;
  std::vector<SlotSpec> outputs;
  // Null: each output is as the input of its name, for gradient ops "X@GRAD" as "X".
  void (*infer)(const Attrs&, InferContext&) = nullptr;
  // Null: the gradient is the op NAME_grad if that is registered, else there is none.
  void (*grad)(const Attrs&, GradContext&) = nullptr;
  // For an op without a kernel: the ops that compute it, written when the plan is made or before it is differentiated.
  void (*expand)(const Attrs&, ExpandContext&) = nullptr;
  std::vector<Alias> must_share = {};
  std::vector<Alias> may_share = {};
  unsigned traits = 0;
  std::string_view block = {};  // the attribute that holds its block
  // Null: the op has nothing to do with what is the block's own.
  BlockVars (*block_vars)(const Attrs&, const OpDesc&) = nullptr;
};

// The same, type-erased, as the registry keeps it.
struct OpDef {
  std::string_view name, doc;
  std::vector<SlotSpec> inputs, outputs;
  std::vector<AttrSpec> attrs;
  std::type_index attrs_type = typeid(void);
  std::function<std::shared_ptr<const void>(const OpDesc&)> parse;
  std::function<void(const void*, InferContext&)> infer;
  std::function<void(const void*, GradContext&)> grad;
  std::function<void(const void*, ExpandContext&)> expand;
  std::vector<Alias> must_share, may_share;
  unsigned traits = 0;
  std::string_view block;
  std::function<BlockVars(const void*, const OpDesc&)> block_vars;
  std::deque<Kernel> kernels;  // plans point to them while more are added
  int declared = 0;            // how often; anything but 1 is an error that Validate reports

  bool has(OpTrait trait) const { return (traits & trait) != 0; }
  int FindInput(std::string_view slot) const;   // -1 when there is none
  int FindOutput(std::string_view slot) const;  // counted from the first output
  const AttrSpec* FindAttr(std::string_view name) const;
};

}  // namespace paddle
