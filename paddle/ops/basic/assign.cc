// Copies: assign, cast, increment.

#include <cstring>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

void CopyBytes(const Tensor& x, Tensor& out) {
  if (x.raw() != out.raw() && x.bytes()) std::memcpy(out.mutable_raw(), x.raw(), x.bytes());
}

void InferAssign(const NoAttrs&, InferContext& context) {
  Require(context.Has("X"), "assign needs the input X");
  context.CopyMeta("X", "Out");
}

void Assign(const CpuContext&, const NoAttrs&, const Tensor* x, Tensor& out) { CopyBytes(*x, out); }

void AssignRows(const CpuContext& cpu, const NoAttrs&, const SelectedRows* x, SelectedRows& out) {
  out.meta = x->meta;
  out.Allocate(static_cast<int64_t>(x->rows.size()), cpu.allocator());
  out.rows = x->rows;
  CopyBytes(x->value, out.value);
}

void AssignArray(const CpuContext& cpu, const NoAttrs&, const TensorArray* x, TensorArray& out) {
  out.items.resize(x->items.size());
  for (size_t i = 0; i < x->items.size(); ++i) out.items[i].CopyFrom(x->items[i], cpu.allocator());
}

void GradAssign(const NoAttrs&, GradContext& g) {
  OpDesc& op = g.Emit("assign");
  op.SetInput("X", g.OutGrad("Out"));
  op.SetOutput("Out", g.InGrad("X"));
}

struct CastAttrs {
  int32_t out_dtype = 0, in_dtype = 0;
  static auto Fields() {
    return std::tuple{Field{"out_dtype", &CastAttrs::out_dtype, "Element type of Out, as a number of VarType.", Presence::kRequired},
                      Field{"in_dtype", &CastAttrs::in_dtype, "Element type of X, as a number of VarType.", Presence::kRequired}};
  }
};

void InferCast(const CastAttrs& attrs, InferContext& context) {
  const auto dtype = ToDType(attrs.out_dtype);
  Require(dtype.has_value(), "attribute out_dtype is ", attrs.out_dtype, "; expected the number of one of: ", kAllTypes.ToText());
  context.CopyMeta("X", "Out");
  if (TensorMeta* out = context.MutableOut("Out")) out->dtype = *dtype;
}

template <class From, class To>
To CastOne(From value) {
  if constexpr (std::is_same_v<To, Float16> || std::is_same_v<To, BFloat16>) return To(static_cast<float>(value));
  else if constexpr (std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>) return static_cast<To>(static_cast<float>(value));
  else return static_cast<To>(value);
}

void Cast(const CpuContext&, const CastAttrs&, const Tensor& x, Tensor& out) {
  VisitAny(x.dtype(), [&]<class From>() {
    VisitAny(out.dtype(), [&]<class To>() {
      const From* from = x.data<From>();
      To* to = out.mutable_data<To>();
      for (int64_t i = 0; i < x.numel(); ++i) to[i] = CastOne<From, To>(from[i]);
    });
  });
}

void GradCast(const CastAttrs& attrs, GradContext& g) {
  OpDesc& op = g.Emit("cast", CastAttrs{attrs.in_dtype, attrs.out_dtype});
  op.SetInput("X", g.OutGrad("Out"));
  op.SetOutput("Out", g.InGrad("X"));
}

struct IncrementAttrs {
  float step = 1;
  static auto Fields() { return std::tuple{Field{"step", &IncrementAttrs::step, "What is added."}}; }
};

void InferIncrement(const IncrementAttrs&, InferContext& context) {
  context.CheckDType("X", kNumbers);
  const int64_t numel = context.In("X").numel();
  Require(numel == 1 || numel < 0, "increment takes a tensor of one element, got shape ", context.In("X").dims);
  context.CopyMeta("X", "Out");
}

void Increment(const CpuContext&, const IncrementAttrs& attrs, const Tensor& x, Tensor& out) {
  VisitNumber(x.dtype(), [&]<class T>() { *out.mutable_data<T>() = static_cast<T>(*x.data<T>() + static_cast<T>(attrs.step)); });
}

void GradIncrement(const IncrementAttrs& attrs, GradContext& g) {
  OpDesc& op = g.Emit("increment", IncrementAttrs{-attrs.step});
  op.SetInput("X", g.Out("Out"));
  op.SetOutput("Out", g.In("X"));
}

const Registered kAssign = RegisterOp<NoAttrs>({
    .name = "assign",
    .doc = "A copy of X.",
    .inputs = {{"X", "Tensor, SelectedRows or array.", kOptional}},
    .outputs = {{"Out", "The copy."}},
    .infer = InferAssign,
    .grad = GradAssign,
    .may_share = {{"Out", "X"}},
});
const Registered kAssignCpu = RegisterKernel("assign", Assign);
const Registered kAssignRowsCpu = RegisterKernel("assign", AssignRows);
const Registered kAssignArrayCpu = RegisterKernel("assign", AssignArray);

const Registered kCast = RegisterOp<CastAttrs>({
    .name = "cast",
    .doc = "X with another element type. Numbers become whole by cutting; anything but zero is true.",
    .inputs = {{"X", "Tensor of any type."}},
    .outputs = {{"Out", "Tensor of X's shape, grouped as X."}},
    .infer = InferCast,
    .grad = GradCast,
});
const Registered kCastCpu = RegisterKernel("cast", Cast);

const Registered kIncrement = RegisterOp<IncrementAttrs>({
    .name = "increment",
    .doc = "Adds a number to a tensor of one element, in place.",
    .inputs = {{"X", "Tensor of one element."}},
    .outputs = {{"Out", "The same tensor."}},
    .infer = InferIncrement,
    .grad = GradIncrement,
    .must_share = {{"Out", "X"}},
});
const Registered kIncrementCpu = RegisterKernel("increment", Increment);

}  // namespace
}  // namespace paddle
