// Gradients of ops that hold a block.

#include "paddle/autodiff/backward.h"
#include "tests/cpp/autodiff/net.h"
#include "tests/cpp/autodiff/stand_ins.h"
#include "tests/cpp/autodiff/toy_ops.h"

namespace paddle::toy {
namespace {

class BlockGradients : public testing::Test {
 protected:
  void SetUp() override {
    RegisterStandIns();
    for (const char* name : {"x", "w", "cond"}) net.Var(name);
    net.Unary("toy_exp", "x", "a");
    net.Var("out");
  }
  // A block that computes out = exp(a) * a * w, and the op that runs it.
  void AddIf() {
    net.block = net.program.AppendBlock(net.program.block(0)).index();
    net.Unary("toy_exp", "a", "t");
    net.Mul("t", "a", "u");
    net.Mul("u", "w", "out");
    net.block = 0;
    net.Op("toy_if", {{"Cond", {"cond"}}, {"Input", {"a", "w", "cond"}}}, {{"Out", {"out"}}});
  }
  Net net;
};

TEST_F(BlockGradients, ARuleHasItsBlockDifferentiated) {
  AddIf();
  net.Unary("toy_exp", "out", "loss");
  const auto grads = net.Backward("loss");
  EXPECT_EQ(net.Added(), (Lines{"fill_constant() -> loss@GRAD", "toy_exp_grad(loss, loss@GRAD) -> out@GRAD",
                                "toy_if_grad(cond, a, w, cond, out@GRAD) -> a@GRAD, w@GRAD, @EMPTY@",
                                "toy_exp_grad(a, a@GRAD) -> x@GRAD"}));
  EXPECT_EQ(grads.at("w"), "w@GRAD");
  ASSERT_EQ(net.program.size(), 3);
  const BlockDesc& block = net.program.block(2);
  EXPECT_EQ(block.forward_block(), 1);
  EXPECT_EQ(block.parent_index(), 0);
  EXPECT_EQ(Net::Text(block), (Lines{"toy_mul_grad(u, w, out@GRAD) -> u@GRAD, w@GRAD",
                                     "toy_mul_grad(t, a, u@GRAD) -> t@GRAD, a@GRAD@RENAME@block1@0",
                                     "toy_exp_grad(t, t@GRAD) -> a@GRAD@RENAME@block1@1",
                                     "sum(a@GRAD@RENAME@block1@0, a@GRAD@RENAME@block1@1) -> a@GRAD"}));
  EXPECT_EQ(block.FindVar("u@GRAD")->shape(), std::vector<int64_t>{4});
  EXPECT_NO_THROW(Verify(net.program));
}

TEST_F(BlockGradients, ContributionsFromTwoBlocksAddUp) {
  AddIf();
  net.Mul("out", "a", "v");
  net.Backward("v");
  EXPECT_EQ(net.Added()[1], "toy_mul_grad(out, a, v@GRAD) -> out@GRAD, a@GRAD@RENAME@block0@0");
  EXPECT_EQ(net.Added()[2], "toy_if_grad(cond, a, w, cond, out@GRAD) -> a@GRAD@RENAME@block0@1, w@GRAD, @EMPTY@");
}

TEST_F(BlockGradients, ABlockThroughWhichNothingFlowsIsNotDifferentiated) {
  AddIf();
  net.Add({"out", "a"}, "v");
  net.Backward({.targets = {"v"}, .no_grad = {"u"}, .inputs = {}});
  EXPECT_EQ(net.program.size(), 3) << "w still gets a gradient";
  Net& again = net;
  again.Backward({.targets = {"v"}, .no_grad = {"u", "w"}});
  EXPECT_EQ(again.program.size(), 3);
}

TEST_F(BlockGradients, BlocksNest) {
  net.block = net.program.AppendBlock(net.program.block(0)).index();
  const int outer = net.block;
  net.Unary("toy_exp", "a", "t");
  net.Var("s");
  net.block = net.program.AppendBlock(net.program.block(outer)).index();
  net.Mul("t", "w", "s");
  net.block = outer;
  net.Op("toy_if", {{"Cond", {"cond"}}, {"Input", {"t", "w"}}}, {{"Out", {"s"}}});
  net.Unary("toy_exp", "s", "out");
  net.block = 0;
  net.Op("toy_if", {{"Cond", {"cond"}}, {"Input", {"a", "w"}}}, {{"Out", {"out"}}})
      .SetAttr("sub_block", BlockRef{outer});
  net.Backward("out");
  ASSERT_EQ(net.program.size(), 5);
  EXPECT_EQ(Net::Text(net.program.block(3)),
            (Lines{"toy_exp_grad(out, out@GRAD) -> s@GRAD", "toy_if_grad(cond, t, w, s@GRAD) -> t@GRAD, w@GRAD",
                   "toy_exp_grad(t, t@GRAD) -> a@GRAD"}));
  EXPECT_EQ(Net::Text(net.program.block(4)), (Lines{"toy_mul_grad(t, w, s@GRAD) -> t@GRAD, w@GRAD"}));
  EXPECT_EQ(net.program.block(4).parent_index(), 3);
  EXPECT_EQ(net.program.block(4).forward_block(), 2);
  EXPECT_NO_THROW(Verify(net.program));
}

}  // namespace
}  // namespace paddle::toy
