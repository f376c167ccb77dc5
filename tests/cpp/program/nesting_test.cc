#include <gtest/gtest.h>

#include "paddle/program/outer_use.h"
#include "paddle/program/prune.h"

namespace paddle {
namespace {

// Blocks 0 .. count - 1 under block 0, and an op for each edge.
std::shared_ptr<ProgramDesc> WithBlocks(int count, const std::vector<std::pair<int, int>>& edges) {
  auto program = std::make_shared<ProgramDesc>();
  for (int i = 1; i < count; ++i) program->AppendBlock(program->block(0));
  for (const auto& [from, to] : edges) program->block(from).AppendOp(OpDesc("f")).SetAttr("sub_block", BlockRef{to});
  return program;
}

std::vector<std::pair<int, int>> Chain(int count, int times = 1) {
  std::vector<std::pair<int, int>> edges;
  for (int i = 0; i + 1 < count; ++i)
    for (int k = 0; k < times; ++k) edges.emplace_back(i, i + 1);
  return edges;
}

void ExpectRefused(const ProgramDesc& program) {
  EXPECT_THROW(VerifyNesting(program), InvalidArgument);
  EXPECT_THROW(ProgramDesc::Parse(program.Serialize()), InvalidArgument);
  EXPECT_THROW(PruneBackward(program), InvalidArgument);
  EXPECT_THROW(Prune(program, {}), InvalidArgument);
}

TEST(VerifyNesting, LimitsDepth) {
  EXPECT_NO_THROW(VerifyNesting(*WithBlocks(33, Chain(33))));
  ExpectRefused(*WithBlocks(34, Chain(34)));
  ExpectRefused(*WithBlocks(20000, Chain(20000)));
}

// Each piece was looked at before the one that names it.
TEST(VerifyNesting, CountsDepthThroughBlocksSeenBefore) {
  std::vector<std::pair<int, int>> edges;
  for (int piece = 0; piece < 3; ++piece) {
    const int first = 1 + piece * 20;
    edges.emplace_back(0, first);
    for (int i = first; i < first + 19; ++i) edges.emplace_back(i, i + 1);
    if (piece > 0) edges.emplace_back(first + 19, first - 20);
  }
  ExpectRefused(*WithBlocks(61, edges));
}

TEST(VerifyNesting, RefusesCycles) {
  ExpectRefused(*WithBlocks(1, {{0, 0}}));
  ExpectRefused(*WithBlocks(3, {{0, 1}, {1, 2}, {2, 1}}));
  ExpectRefused(*WithBlocks(1, {{0, 1}}));  // no such block
}

TEST(VerifyNesting, RefusesWhatTakesExponentialTime) {
  EXPECT_NO_THROW(VerifyNesting(*WithBlocks(3, {{0, 1}, {0, 1}, {1, 2}})));
  ExpectRefused(*WithBlocks(31, Chain(31, 2)));
}

TEST(OuterUses, LooksThroughBlocks) {
  const auto program = WithBlocks(3, {{0, 1}, {1, 2}});
  program->block(1).Var("own");
  OpDesc& op = program->block(2).AppendOp(OpDesc("g"));
  op.SetInput("X", {"own", "outer", std::string(kEmptyName)});
  op.SetOutput("Out", {"result"});
  OuterUses uses(*program);
  using Names = std::set<std::string, std::less<>>;
  EXPECT_EQ(uses.Of(2).reads, (Names{"own", "outer"}));
  EXPECT_EQ(uses.Of(1).reads, (Names{"outer"}));
  EXPECT_EQ(uses.Of(1).writes, (Names{"result"}));
}

TEST(Snapshot, BringsEverythingBack) {
  ProgramDesc program;
  BlockDesc& block = program.block(0);
  block.Var("x").set_shape({2});
  OpDesc& op = block.AppendOp(OpDesc("f"));
  op.SetInput("X", {"x"});
  const auto held = block.ops()[0];
  const std::string before = program.Serialize();
  const auto snapshot = program.Save();
  const uint64_t edits = program.edits();

  op.SetInput("X", {"y"});
  block.RenameVar("x", "z");
  block.Var("new").set_shape({3});
  BlockDesc& inner = program.AppendBlock(block);
  block.RemoveOps(0, 1);
  block.AppendOp(OpDesc("g"));

  program.Restore(*snapshot);
  EXPECT_EQ(program.Serialize(), before);
  EXPECT_EQ(block.ops()[0], held);
  EXPECT_NE(block.FindVar("x"), nullptr);
  EXPECT_EQ(block.FindVar("z"), nullptr);
  EXPECT_GT(program.edits(), edits);
  EXPECT_EQ(inner.index(), 1) << "a reference to a removed block stays good";
}

}  // namespace
}  // namespace paddle
