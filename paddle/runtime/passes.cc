#include "paddle/runtime/passes.h"

#include "paddle/base/flags.h"
#include "paddle/pass/declare_gradients.h"
#include "paddle/pass/expand.h"
#include "paddle/pass/fuse_clip.h"
#include "paddle/pass/fuse_embedding_mul.h"
#include "paddle/pass/fuse_linear_cross_entropy.h"
#include "paddle/pass/fuse_recurrent_cells.h"
#include "paddle/pass/recompute_gates.h"
#include "paddle/pass/sparse_table_grads.h"
#include "paddle/pass/update_early.h"

namespace paddle {

std::vector<std::string> RunPasses(ProgramDesc* program, const PlanRequest& request) {
  const auto runs_on_cpu = [&](const char* pass) { return request.place.is_cpu() && !SkipsPass(pass); };
  DeclareGradients(program);
  std::vector<std::string> done;
  auto outside = request.feeds;
  outside.insert(outside.end(), request.fetches.begin(), request.fetches.end());
  if (!SkipsPass("fuse_recurrent_cells")) done = FuseRecurrentCells(program, outside, request.place.device);
  for (int i = 0; i < program->size(); ++i) ExpandOps(&program->block(i), request.place.device);
  if (request.place.is_cpu() && RecomputeGatesEnabled())
    for (const auto& layer : RecomputeGates(program, outside))
      done.push_back(StrCat("recompute_gates: the gates of '", layer, "' are not kept for the backward pass"));
  if (runs_on_cpu("fuse_embedding_mul"))
    for (const auto& table : FuseEmbeddingMul(program, outside))
      done.push_back(StrCat("fuse_embedding_mul: rows of '", table, "' are multiplied once for each different id"));
  // Where an op is looked for that makes a NaN, the ops stay those of the program.
  if (!CheckNanInfEnabled() && runs_on_cpu("fuse_linear_cross_entropy"))
    for (const auto& weight : FuseLinearCrossEntropy(program, outside))
      done.push_back(StrCat("fuse_linear_cross_entropy: the products with '", weight, "' are never all in memory"));
  if (!CheckNanInfEnabled() && runs_on_cpu("fuse_clip")) {
    const auto [sums, updates] = FuseClip(program, outside);
    if (sums) done.push_back(StrCat("fuse_clip: ", sums, " sums of squares are added up without the squares"));
    if (updates) done.push_back(StrCat("fuse_clip: ", updates, " updates scale their gradients themselves"));
  }
  if (runs_on_cpu("sparse_table_grads"))
    for (const auto& table : SparseTableGrads(program, outside))
      done.push_back(StrCat("sparse_table_grads: the gradient of '", table, "' holds only rows that were looked up"));
  // Where an op is looked for that makes a NaN, no parameter is to take it in before.
  if (!CheckNanInfEnabled() && !SkipsPass("update_early"))
    if (const int moved = UpdateEarly(program))
      done.push_back(StrCat("update_early: ", moved, " updates run as soon as their gradients are there"));
  return done;
}

}  // namespace paddle
