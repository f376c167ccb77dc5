// Checkpoints.

#include "paddle/autodiff/backward.h"
#include "tests/cpp/autodiff/net.h"
#include "tests/cpp/autodiff/stand_ins.h"
#include "tests/cpp/autodiff/toy_ops.h"

namespace paddle::toy {
namespace {

class Recompute : public testing::Test {
 protected:
  void SetUp() override {
    RegisterStandIns();
    net.Var("x");
    net.Unary("toy_exp", "x", "a");
    net.Unary("toy_exp", "a", "b");
    net.Unary("toy_exp", "b", "c");
    net.Unary("toy_exp", "c", "d");
    net.Unary("toy_exp", "d", "e");
  }
  Net net;
};

TEST_F(Recompute, RepeatsWhatLiesBetweenCheckpoints) {
  net.Backward({.targets = {"e"}, .checkpoints = {"d", "b"}});
  EXPECT_EQ(net.Added(), (Lines{"fill_constant() -> e@GRAD", "toy_exp_grad(e, e@GRAD) -> d@GRAD",
                                "toy_exp(b) -> c.subprog_0", "toy_exp_grad(d, d@GRAD) -> c@GRAD",
                                "toy_exp_grad(c.subprog_0, c@GRAD) -> b@GRAD", "toy_exp(x) -> a.subprog_1",
                                "toy_exp_grad(b, b@GRAD) -> a@GRAD", "toy_exp_grad(a.subprog_1, a@GRAD) -> x@GRAD"}));
  EXPECT_EQ(net.at().op(7).Role(), kBackward);
  EXPECT_EQ(net.program.size(), 1);
}

TEST_F(Recompute, KeepsWhatLaterOpsRead) {
  net.Mul("e", "a", "f");
  net.Backward({.targets = {"f"}, .checkpoints = {"c"}});
  const auto added = net.Added();
  EXPECT_EQ(Lines(added.begin() + 4, added.begin() + 6),
            (Lines{"toy_exp(a) -> b.subprog_0", "toy_exp_grad(c, c@GRAD) -> b@GRAD"}));
}

TEST_F(Recompute, HasTheSameResult) {
  net.Backward({.targets = {"c"}, .inputs = {"x"}});
  Net other;
  other.Var("x");
  other.Unary("toy_exp", "x", "a");
  other.Unary("toy_exp", "a", "b");
  other.Unary("toy_exp", "b", "c");
  other.Backward({.targets = {"c"}, .inputs = {"x"}, .checkpoints = {"b"}});
  EXPECT_EQ(net.Run({{"x", 0.1f}}, {"x@GRAD"}), other.Run({{"x", 0.1f}}, {"x@GRAD"}));
}

TEST_F(Recompute, RandomOpsTakeTheirSeedFromAVariable) {
  net.Op("toy_noise", {{"X", {"e"}}}, {{"Out", {"f"}}, {"Mask", {"m"}}});
  net.Unary("toy_exp", "f", "g");
  net.Unary("toy_exp", "g", "h");
  net.Backward({.targets = {"h"}, .checkpoints = {"e", "g"}});
  EXPECT_EQ(Net::Text(net.at(), 5)[0], "seed() -> seed_0.tmp_0");
  EXPECT_EQ(Net::Text(net.at(), 5)[1], "toy_noise(e, seed_0.tmp_0) -> f, m");
  const auto lines = Net::Text(net.at(), 11);
  EXPECT_EQ(Lines(lines.begin(), lines.begin() + 3),
            (Lines{"toy_noise(e, seed_0.tmp_0) -> f.subprog_0, m.subprog_0", "toy_exp_grad(g, g@GRAD) -> f@GRAD",
                   "toy_noise_grad(m.subprog_0, f@GRAD) -> e@GRAD"}));
}

TEST_F(Recompute, CheckpointsOffThePathCutNothing) {
  net.Unary("toy_exp", "x", "other");
  net.Backward({.targets = {"e"}, .checkpoints = {"other", "x"}});
  EXPECT_EQ(net.Added().size(), 6u);
}

TEST_F(Recompute, AValueThatIsLostIsRejected) {
  for (const char* name : {"v", "w"}) net.Var(name);
  net.Add({"v"}, "p");
  net.Add({"p", "e"}, "q");
  net.Unary("toy_exp", "q", "r");
  net.Unary("toy_exp", "w", "v");
  net.Add({"r", "v"}, "s");
  EXPECT_NO_THROW(net.Backward("s"));
  EXPECT_THROW(net.Backward({.targets = {"s"}, .checkpoints = {"q"}}), InvalidArgument);
}

}  // namespace
}  // namespace paddle::toy
