// gather_tree: the sentences of a beam search with a fixed number of beams.
#include "paddle/device/parallel.h"
#include "paddle/op/registry.h"

namespace paddle {
namespace {

void Infer(const NoAttrs&, InferContext& context) {
  context.CheckDType("Ids", kIndices);
  context.CheckRank("Ids", 3, 3);
  context.CheckSameDType("Ids", "Parents");
  context.CheckSameDims("Ids", "Parents");
  context.SetOut("Out", context.In("Ids").dims, context.In("Ids").dtype);
}

void Run(const CpuContext&, const NoAttrs&, const Tensor& ids, const Tensor& parents, Tensor& out) {
  const int64_t steps = ids.dim(0), batch = ids.dim(1), beams = ids.dim(2);
  VisitIndex(ids.dtype(), [&]<class T>() {
    const T *id = ids.data<T>(), *parent = parents.data<T>();
    T* to = out.mutable_data<T>();
    ParallelFor(batch * beams, std::max<int64_t>(1, 4096 / std::max<int64_t>(1, steps)),
                [&](int64_t begin, int64_t end) {
                  for (int64_t k = begin; k < end; ++k) {
                    const int64_t first = k / beams * beams;  // of the batch entry, in each step
                    int64_t beam = k % beams;
                    for (int64_t step = steps; step-- > 0;) {
                      const int64_t at = step * batch * beams + first;
                      to[at + k % beams] = id[at + beam];
                      if (step == 0) break;
                      beam = static_cast<int64_t>(parent[at + beam]);
                      Require(beam >= 0 && beam < beams, "Parents has ", beam, " in step ", step, " of batch entry ",
                              k / beams, "; expected the number of one of ", beams, " beams");
                    }
                  }
                });
  });
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<NoAttrs>(
        {.name = "gather_tree",
         .doc =
             "Follows each beam of the last step back to the first: Out[t] holds the words of step t of the sentences "
             "that end in the beams.",
         .inputs = {{"Ids", "int32 or int64 [steps, batch, beams]: the words selected in each step.", kNoGradient},
                    {"Parents", "Like Ids: the beam of the step before that each word continues.", kNoGradient}},
         .outputs = {{"Out", "Like Ids."}},
         .infer = Infer}),
    RegisterKernel("gather_tree", Run),
};

}  // namespace
}  // namespace paddle
