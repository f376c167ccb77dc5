#pragma once
// The table of all ops: the single source of what exists.

#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "paddle/op/op_def.h"

namespace paddle {

// Filled while libraries are loaded, by constants of type Registered; read-only after Validate, but for the kernels
// that a device's plug-in adds when it is loaded on first use.
class Registry {
 public:
  static Registry& Get();

  // Throws Unimplemented when there is no such op.
  const OpDef& Find(std::string_view type) const;
  const OpDef* FindOrNull(std::string_view type) const;
  std::vector<std::string_view> Types() const;

  // Throws Error unless each op is declared once, each kernel fits its op's slots and attributes, no two kernels of an
  // op take the same arguments on the same device, and each op can compute something. Runs at the first Find after a
  // library was loaded.
  void Validate() const;

  // For registration only; they never throw, so that loading cannot fail.
  OpDef& Entry(std::string_view type);
  void AddKernel(std::string_view op, Kernel kernel);

  // To be held while OpDef::kernels of any op is walked, where a plug-in may be loaded at the same time.
  std::shared_lock<std::shared_mutex> ReadKernels() const { return std::shared_lock(kernels_mutex_); }

 private:
  mutable std::shared_mutex kernels_mutex_;  // taken before mutex_
  mutable std::mutex mutex_;
  mutable bool validated_ = false;
  std::map<std::string, OpDef, std::less<>> ops_;
};

// The kernel of `op` for `device` that takes arguments of these kinds (one a slot; slots without arguments fit
// anything). Throws Unimplemented when there is none.
const Kernel& SelectKernel(const OpDef& op, DeviceType device, const std::vector<std::vector<VarKind>>& kinds);

// The serialised OpProto of Fluid's core.get_all_op_protos().
std::string SerializeOpProto(const OpDef& op);

struct Registered {};

namespace internal {
void DefaultInfer(const OpDef& def, InferContext& context);
}

template <class Attrs>
Registered RegisterOp(const OpSpec<Attrs>& spec) {
  OpDef& def = Registry::Get().Entry(spec.name);
  ++def.declared;
  def.name = spec.name;
  def.doc = spec.doc;
  def.inputs = spec.inputs;
  def.outputs = spec.outputs;
  def.attrs = ListAttrs<Attrs>();
  def.attrs_type = typeid(Attrs);
  const OpDef* self = &def;
  def.parse = [self](const OpDesc& op) { return std::make_shared<const Attrs>(ParseAttrs<Attrs>(op, self->attrs)); };
  def.infer = [self, infer = spec.infer](const void* attrs, InferContext& context) {
    if (infer)
      infer(*static_cast<const Attrs*>(attrs), context);
    else
      internal::DefaultInfer(*self, context);
    context.CheckSizes();
  };
  if (spec.grad)
    def.grad = [grad = spec.grad](const void* attrs, GradContext& context) {
      grad(*static_cast<const Attrs*>(attrs), context);
    };
  if (spec.expand)
    def.expand = [expand = spec.expand](const void* attrs, ExpandContext& context) {
      expand(*static_cast<const Attrs*>(attrs), context);
    };
  def.must_share = spec.must_share;
  def.may_share = spec.may_share;
  def.traits = spec.traits;
  def.block = spec.block;
  if (spec.block_vars)
    def.block_vars = [vars = spec.block_vars](const void* attrs, const OpDesc& op) {
      return vars(*static_cast<const Attrs*>(attrs), op);
    };
  return {};
}

template <class Context, class Attrs, class... Params>
Registered RegisterKernel(std::string_view op, void (*fn)(const Context&, const Attrs&, Params...)) {
  Registry::Get().AddKernel(op, internal::MakeKernel(fn));
  return {};
}

// A kernel with State: `prepare` runs when the plan is made and whenever sizes changed.
template <class State, class Context, class Attrs, class... Params>
Registered RegisterKernel(std::string_view op, State (*prepare)(const Context&, const Attrs&, const OpMetas&),
                          void (*fn)(const Context&, const Attrs&, State&, Params...)) {
  Registry::Get().AddKernel(op, internal::MakeKernel(prepare, fn));
  return {};
}

}  // namespace paddle
