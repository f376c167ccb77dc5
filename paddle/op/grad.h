#pragma once
// How an op's gradient is written: as ops of a program, in Fluid's form.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "paddle/op/attributes.h"

namespace paddle {

// The attribute in which a gradient op lists, one for each of its Out@GRAD, the names that its block knows them by.
inline constexpr std::string_view kOriginalOutputGrad = "original_output_grad";

// What the gradient of a block is asked for.
struct BlockGradRequest {
  BlockRef forward;
  // Variables that the block writes and whose gradients are there when the gradient block runs: from around it, or put
  // in place by the gradient op's kernel.
  std::vector<std::string> targets;
  // Those of them that the next run of the block reads: they have gradients though nothing behind the op gave them any.
  std::vector<std::string> carried = {};
  // Variables of the block's own whose gradients the op asks for.
  std::vector<std::string> own = {};
};

// The gradient of a block, as autodiff wrote it.
struct GradBlock {
  BlockRef block;  // its forward_block() is the block that was differentiated
  // Variables around the forward block for which the gradient block computes a gradient, under NAME@GRAD.
  std::set<std::string> variables;
  // The same of those of the forward block's own that were asked for.
  std::set<std::string> own;
  // The names that the block knows the targets' gradients by, one a target; empty where a target has none.
  std::vector<std::string> given;
};

// What a `grad` rule may ask while it is at work. Autodiff implements it.
class GradEnvironment {
 public:
  virtual ~GradEnvironment();
  // Whether the gradient of this input of the forward op is asked for.
  virtual bool Wanted(const std::string& input) const = 0;
  // Whether this output of the forward op has a gradient: something after the op led to a target.
  virtual bool HasGrad(const std::string& output) const = 0;
  // Differentiates the block of a control-flow op and appends the result to the program, beside the block. Nothing is
  // appended, and nothing returned, when no gradient flows through the block.
  virtual std::optional<GradBlock> DifferentiateBlock(const BlockGradRequest& request) = 0;
};

// Where a `grad` rule reads the forward op and writes gradient ops. Their names are Fluid's: NAME@GRAD; autodiff
// numbers the contributions where there are several.
class GradContext {
 public:
  GradContext(const OpDesc& forward, GradEnvironment* environment, std::vector<OpDesc>* out);

  const OpDesc& forward() const { return forward_; }
  const std::vector<std::string>& In(std::string_view slot) const { return forward_.Input(slot); }
  const std::vector<std::string>& Out(std::string_view slot) const { return forward_.Output(slot); }
  // Names of the gradients of an output slot. Those that nothing computed are filled with zeros for the op that reads
  // them.
  std::vector<std::string> OutGrad(std::string_view slot) const;
  // Names of the gradients of an input slot. Where none is asked for: @EMPTY@, or left out with `drop_empty`.
  std::vector<std::string> InGrad(std::string_view slot, bool drop_empty = true) const;
  bool HasGrad(const std::string& output) const { return environment_->HasGrad(output); }
  // See GradEnvironment.
  std::optional<GradBlock> DifferentiateBlock(const BlockGradRequest& request) {
    return environment_->DifferentiateBlock(request);
  }

  // A new gradient op, to be filled in. The reference is good until the next Emit.
  OpDesc& Emit(std::string_view type);
  template <class Attrs>
  OpDesc& Emit(std::string_view type, const Attrs& attrs) {
    OpDesc& op = Emit(type);
    DumpAttrs(attrs, &op);
    return op;
  }
  // The op TYPE (default: the forward's type + "_grad") whose slots are filled by name: "S" with the forward's input or
  // output S, "S@GRAD" with gradients; the forward's attributes are copied.
  OpDesc& EmitDefault(std::string_view type = {});

 private:
  const OpDesc& forward_;
  GradEnvironment* environment_;
  std::vector<OpDesc>* out_;
};

// Where an `expand` rule reads an op and writes the ops that compute it.
class ExpandContext {
 public:
  // `meta` tells what is known of a variable; `make` makes a temporary variable of a unique name.
  ExpandContext(const OpDesc& op, std::function<TensorMeta(const std::string&)> meta, std::function<std::string()> make,
                std::vector<OpDesc>* out)
      : op_(op), meta_(std::move(meta)), make_(std::move(make)), out_(out) {}

  const OpDesc& op() const { return op_; }
  // The only variable of an input slot; empty when it is not there.
  std::string In(std::string_view slot) const;
  const std::vector<std::string>& Ins(std::string_view slot) const { return op_.Input(slot); }
  // The only variable of an output slot; empty when it is not wanted.
  std::string Out(std::string_view slot) const;
  TensorMeta Meta(const std::string& name) const { return meta_(name); }

  // Appends an op with the inputs and attributes given and returns its output in `slot`: `to`, or a new temporary if
  // `to` is empty.
  template <class Attrs = NoAttrs>
  std::string Emit(std::string_view type, const std::vector<OpDesc::Slot>& inputs, const Attrs& attrs = {},
                   std::string to = {}, std::string_view slot = "Out") {
    OpDesc& op = Append(type, inputs);
    DumpAttrs(attrs, &op);
    if (to.empty()) to = make_();
    op.SetOutput(slot, {to});
    return to;
  }
  // An op with inputs and attributes only, for ops of several outputs.
  OpDesc& Append(std::string_view type, const std::vector<OpDesc::Slot>& inputs);
  std::string Temporary() { return make_(); }

 private:
  const OpDesc& op_;
  std::function<TensorMeta(const std::string&)> meta_;
  std::function<std::string()> make_;
  std::vector<OpDesc>* out_;
};

}  // namespace paddle
