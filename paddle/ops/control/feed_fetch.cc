// Where saved inference programs say what goes in and what comes out. The runtime reads these ops; nothing runs.

#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct ColumnAttrs {
  int32_t col = 0;
  static auto Fields() {
    return std::tuple{
        Field{"col", &ColumnAttrs::col, "Position among the program's feeds or fetches.", Presence::kRequired}};
  }
};

void Check(const ColumnAttrs& attrs, InferContext&) {
  Require(attrs.col >= 0, "attribute col must not be negative, got ", attrs.col);
}

const Registered kFeed = RegisterOp<ColumnAttrs>({
    .name = "feed",
    .doc = "Marks the variable Out as input number `col` of a saved program.",
    .inputs = {{"X", "The list that the caller fills.", kNoGradient}},
    .outputs = {{"Out", "The variable fed."}},
    .infer = Check,
    .traits = kNoPlan | kHost,
});

const Registered kFetch = RegisterOp<ColumnAttrs>({
    .name = "fetch",
    .doc = "Marks the variable X as output number `col` of a saved program.",
    .inputs = {{"X", "The variable fetched.", kNoGradient}},
    .outputs = {{"Out", "The list that the caller reads."}},
    .infer = Check,
    .traits = kNoPlan | kHost,
});

}  // namespace
}  // namespace paddle
