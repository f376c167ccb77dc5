// rnn_memory_helper: a state on its way from one step of a recurrent network to the next.
#include <cstring>

#include "paddle/ops/manipulation/manipulation.h"

namespace paddle {
namespace {

struct MemoryAttrs {
  int32_t dtype = static_cast<int32_t>(DType::kFloat32);
  static auto Fields() {
    return std::tuple{Field{"dtype", &MemoryAttrs::dtype, "Read from old programs; without meaning here."}};
  }
};

void Infer(const MemoryAttrs&, InferContext& context) { context.CopyMeta("X", "Out"); }

void Run(const CpuContext&, const MemoryAttrs&, const Tensor& x, Tensor& out) { CopyBytes(x, out); }

void InferGrad(const MemoryAttrs&, InferContext& context) {
  if (context.Has("Out@GRAD")) {
    context.CheckSameDims("X", "Out@GRAD");
    context.CheckSameDType("X", "Out@GRAD");
  }
  context.CopyMeta("X", "X@GRAD");
}

void RunGrad(const CpuContext&, const MemoryAttrs&, const Tensor*, const Tensor* d_out, const Tensor&, Tensor* dx) {
  if (!dx) return;
  if (d_out) return CopyBytes(*d_out, *dx);
  if (dx->bytes()) std::memset(dx->mutable_raw(), 0, dx->bytes());
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<MemoryAttrs>({.name = "rnn_memory_helper",
                             .doc = "Out = a copy of X: the state of a recurrent network that the next step reads.",
                             .inputs = {{"X", "Tensor of any shape."}},
                             .outputs = {{"Out", "Tensor of X's shape and LoD."}},
                             .infer = Infer,
                             .may_share = {{"Out", "X"}}}),
    RegisterKernel("rnn_memory_helper", Run),
    RegisterOp<MemoryAttrs>(
        {.name = "rnn_memory_helper_grad",
         .doc = "Gradient of rnn_memory_helper: Out@GRAD, or zeros where the last step's state got no gradient.",
         .inputs = {{"Out", "Of the forward op.", kOptional | kMetaOnly},
                    {"Out@GRAD", "Gradient of Out.", kOptional},
                    {"X", "Of the forward op.", kMetaOnly}},
         .outputs = {{"X@GRAD", "Gradient of X.", kOptional}},
         .infer = InferGrad,
         .may_share = {{"X@GRAD", "Out@GRAD"}}}),
    RegisterKernel("rnn_memory_helper_grad", RunGrad),
};

}  // namespace
}  // namespace paddle
