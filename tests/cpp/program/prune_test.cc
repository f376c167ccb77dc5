#include "paddle/program/prune.h"

#include <gtest/gtest.h>

namespace paddle {
namespace {

void Add(BlockDesc* block, const std::string& type, const std::string& in, const std::string& out,
         int role = kForward) {
  block->Var(in);
  block->Var(out);
  OpDesc op(type);
  op.SetInput("X", {in});
  op.SetOutput("Out", {out});
  op.SetAttr(kOpRole, int32_t{role});
  block->AppendOp(std::move(op));
}

std::vector<std::string> Types(const ProgramDesc& program) {
  std::vector<std::string> types;
  for (const auto& op : program.block(0).ops()) types.push_back(op->type());
  return types;
}

TEST(PruneTest, KeepsWhatTheTargetNeeds) {
  ProgramDesc program;
  BlockDesc* block = &program.block(0);
  Add(block, "a", "x", "y");
  Add(block, "dead", "x", "z");
  Add(block, "b", "y", "out");
  Add(block, "after", "out", "y");  // writes y, but behind the reader
  PruneRequest request;
  request.target_ops = {{0, 2}};
  EXPECT_EQ(Types(*Prune(program, request)), (std::vector<std::string>{"a", "b"}));
  request.feeds = {"y"};
  EXPECT_EQ(Types(*Prune(program, request)), (std::vector<std::string>{"b"}));
}

TEST(PruneTest, TellsWhichBlocksWereKept) {
  ProgramDesc program;
  BlockDesc* block = &program.block(0);
  for (const char* out : {"y", "z"}) {
    BlockDesc& sub = program.AppendBlock(*block);
    Add(block, "loop", "x", out);
    block->ops().back()->SetAttr("sub_block", BlockRef{sub.index()});
  }
  PruneRequest request;
  request.target_vars = {"z"};
  BlockOrigins origins;
  EXPECT_EQ(Prune(program, request, &origins)->size(), 2);
  EXPECT_EQ(origins, (BlockOrigins{{0, 0}, {1, 2}}));
}

TEST(PruneTest, BackwardAndOptimizerGo) {
  ProgramDesc program;
  BlockDesc* block = &program.block(0);
  Add(block, "f", "x", "y");
  Add(block, "loss", "y", "l", kLoss);
  Add(block, "g", "l", "y@GRAD", kBackward);
  Add(block, "decay", "step", "lr", kLrSched);
  Add(block, "sgd", "y@GRAD", "w", kOptimize);
  program.block(0).op(0).SetAttr("is_test", false);
  const auto clone = InferenceClone(program);
  EXPECT_EQ(Types(*clone), (std::vector<std::string>{"f", "loss"}));
  EXPECT_TRUE(clone->block(0).op(0).AttrOr<bool>("is_test", false));
  EXPECT_EQ(clone->block(0).FindVar("lr"), nullptr);
  EXPECT_NE(clone->block(0).FindVar("l"), nullptr);
}

TEST(SelectBlocksTest, RefusesBlocksInUse) {
  ProgramDesc program;
  const BlockDesc& sub = program.AppendBlock(program.block(0));
  OpDesc op("loop");
  op.SetAttr("sub_block", BlockRef{sub.index()});
  program.block(0).AppendOp(std::move(op));
  EXPECT_THROW(program.SelectBlocks({{0, 0}}), InvalidArgument);
}

}  // namespace
}  // namespace paddle
