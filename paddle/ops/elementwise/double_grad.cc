// The gradients of elementwise_{add,sub,mul,div}_grad, composed of the plain ops.

#include "paddle/ops/elementwise/elementwise.h"

namespace paddle {
namespace {

// Emits ops over the same axis.
struct Builder {
  ExpandContext& context;
  ElementwiseAttrs attrs;

  std::string Op(std::string_view type, const std::string& x, const std::string& y, std::string to = {}) {
    return context.Emit("elementwise_" + std::string(type), {{"X", {x}}, {"Y", {y}}}, attrs, std::move(to));
  }
  // The gradient of x * y at dout, for the side `slot`.
  void MultiplyGrad(const std::string& x, const std::string& y, const std::string& dout, std::string_view slot,
                    const std::string& to) {
    OpDesc& op = context.Append("elementwise_mul_grad", {{"X", {x}}, {"Y", {y}}, {"Out@GRAD", {dout}}});
    DumpAttrs(attrs, &op);
    op.SetOutput(slot, {to});
  }
  std::string Zeros(const std::string& like, std::string to = {}) {
    return context.Emit("fill_zeros_like", {{"X", {like}}}, NoAttrs{}, std::move(to));
  }
};

// DDOut = DDX + sign * DDY; what is not there counts as zero.
void ExpandLinear(const ElementwiseAttrs& attrs, ExpandContext& context, std::string_view type) {
  Builder build{context, attrs};
  const std::string ddx = context.In("DDX"), ddy = context.In("DDY"), ddout = context.Out("DDOut");
  if (ddout.empty()) return;
  const std::string dout = context.In("DOut");
  if (ddx.empty() && ddy.empty())
    build.Zeros(dout, ddout);
  else if (ddy.empty())
    build.Op("add", build.Zeros(dout), ddx, ddout);
  else
    build.Op(type, ddx.empty() ? build.Zeros(dout) : ddx, ddy, ddout);
}

void ExpandAdd(const ElementwiseAttrs& attrs, ExpandContext& context) { ExpandLinear(attrs, context, "add"); }
void ExpandSub(const ElementwiseAttrs& attrs, ExpandContext& context) { ExpandLinear(attrs, context, "sub"); }

void ExpandMultiply(const ElementwiseAttrs& attrs, ExpandContext& context) {
  Builder build{context, attrs};
  const std::string x = context.In("X"), y = context.In("Y"), dout = context.In("DOut"), ddx = context.In("DDX"),
                    ddy = context.In("DDY");
  if (const std::string dx = context.Out("X@GRAD"); !dx.empty()) {
    if (ddy.empty())
      build.Zeros(x, dx);
    else
      build.MultiplyGrad(x, ddy, dout, "X@GRAD", dx);
  }
  if (const std::string dy = context.Out("Y@GRAD"); !dy.empty()) {
    if (ddx.empty())
      build.Zeros(y, dy);
    else
      build.MultiplyGrad(ddx, y, dout, "Y@GRAD", dy);
  }
  const std::string ddout = context.Out("DDOut");
  if (ddout.empty()) return;
  if (ddx.empty() && ddy.empty())
    build.Zeros(dout, ddout);
  else if (ddy.empty())
    build.Op("mul", ddx, y, ddout);
  else if (ddx.empty())
    build.Op("mul", x, ddy, ddout);
  else
    build.Op("add", build.Op("mul", ddx, y), build.Op("mul", x, ddy), ddout);
}

// With DX = DOut / Y and DY = -DX Out: DDOut = (DDX - Out DDY) / Y, DOut = -DX DDY, Y@GRAD = DX (Out DDY - DDX) / Y.
void ExpandDivide(const ElementwiseAttrs& attrs, ExpandContext& context) {
  Builder build{context, attrs};
  const std::string y = context.In("Y"), out = context.In("Out"), dx = context.In("DX");
  std::string ddx = context.In("DDX"), ddy = context.In("DDY");
  if (!DimsAgree(context.Meta(dx).dims, context.Meta(out).dims))
    throw Unimplemented("the gradient of elementwise_div_grad where X was stretched; expand X first");
  // DDX may have to be stretched to Out's shape: everything is computed there.
  const std::string wide_ddx = build.Op("add", build.Zeros(out), ddx.empty() ? build.Zeros(dx) : ddx);
  if (ddy.empty()) ddy = build.Zeros(y);
  const std::string wide_dx = build.Op("add", build.Zeros(out), dx);
  const std::string difference = build.Op("sub", wide_ddx, build.Op("mul", out, ddy));
  if (const std::string ddout = context.Out("DDOut"); !ddout.empty()) build.Op("div", difference, y, ddout);
  if (const std::string dout = context.Out("DOut"); !dout.empty()) {
    const std::string product = build.Op("mul", wide_dx, ddy);
    build.Op("sub", build.Zeros(out), product, dout);
  }
  if (const std::string dy = context.Out("Y@GRAD"); !dy.empty()) {
    const std::string scaled = build.Op("div", build.Op("mul", wide_dx, difference), y);
    OpDesc& op = context.Append("elementwise_sub_grad", {{"X", {scaled}}, {"Y", {y}}, {"Out@GRAD", {scaled}}});
    DumpAttrs(attrs, &op);
    op.SetOutput("Y@GRAD", {dy});
  }
}

const SlotSpec kDdx{"DDX", "Gradient of X@GRAD.", kOptional};
const SlotSpec kDdy{"DDY", "Gradient of Y@GRAD.", kOptional};
const SlotSpec kDout{"DOut", "Gradient of Out."};
const SlotSpec kX{"X", "First operand."}, kY{"Y", "Second operand."};
const SlotSpec kDdout{"DDOut", "Gradient of Out@GRAD.", kOptional};
const SlotSpec kDx{"X@GRAD", "Gradient of X.", kOptional}, kDy{"Y@GRAD", "Gradient of Y.", kOptional};

void InferLinear(const ElementwiseAttrs&, InferContext& context) { context.CopyMeta("DOut", "DDOut"); }
void InferMultiply(const ElementwiseAttrs&, InferContext& context) {
  context.CopyMeta("DOut", "DDOut");
  context.CopyMeta("X", "X@GRAD");
  context.CopyMeta("Y", "Y@GRAD");
}
void InferDivide(const ElementwiseAttrs&, InferContext& context) {
  context.CopyMeta("Out", "DDOut");
  context.CopyMeta("Out", "DOut");
  context.CopyMeta("Y", "Y@GRAD");
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<ElementwiseAttrs>({.name = "elementwise_add_grad_grad",
                                  .doc = "The gradient of elementwise_add_grad: DDOut = DDX + DDY.",
                                  .inputs = {kDdx, kDdy, kDout, kY},
                                  .outputs = {kDdout},
                                  .infer = InferLinear,
                                  .expand = ExpandAdd}),
    RegisterOp<ElementwiseAttrs>({.name = "elementwise_sub_grad_grad",
                                  .doc = "The gradient of elementwise_sub_grad: DDOut = DDX - DDY.",
                                  .inputs = {kDdx, kDdy, kDout, kY},
                                  .outputs = {kDdout},
                                  .infer = InferLinear,
                                  .expand = ExpandSub}),
    RegisterOp<ElementwiseAttrs>(
        {.name = "elementwise_mul_grad_grad",
         .doc = "The gradient of elementwise_mul_grad: DDOut = DDX Y + X DDY, X@GRAD = DOut DDY, Y@GRAD = DOut DDX.",
         .inputs = {kDdx, kDdy, kDout, kX, kY},
         .outputs = {kDdout, kDx, kDy},
         .infer = InferMultiply,
         .expand = ExpandMultiply}),
    RegisterOp<ElementwiseAttrs>(
        {.name = "elementwise_div_grad_grad",
         .doc = "The gradient of elementwise_div_grad: DDOut = (DDX - Out DDY) / Y, DOut = -DX DDY, "
                "Y@GRAD = DX (Out DDY - DDX) / Y.",
         .inputs = {kDdx, kDdy, {"DX", "Gradient of X, as elementwise_div_grad computed it."}, {"Out", "X / Y."}, kY},
         .outputs = {kDdout, {"DOut", "Gradient of Out.", kOptional}, kDy},
         .infer = InferDivide,
         .expand = ExpandDivide}),
};

}  // namespace
}  // namespace paddle
