#include "paddle/autodiff/backward.h"

#include "tests/cpp/autodiff/net.h"
#include "tests/cpp/autodiff/stand_ins.h"
#include "tests/cpp/autodiff/toy_ops.h"

namespace paddle::toy {
namespace {

class Backward : public testing::Test {
 protected:
  void SetUp() override { RegisterStandIns(); }
  Net net;
};

TEST_F(Backward, WritesOneOpAnOpInReverse) {
  net.Var("x");
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_exp", "a", "b");
  const auto grads = net.Backward("b");
  EXPECT_EQ(net.Added(), (Lines{"fill_constant() -> b@GRAD", "toy_exp_grad(b, b@GRAD) -> a@GRAD",
                                "toy_exp_grad(a, a@GRAD) -> x@GRAD"}));
  EXPECT_EQ(grads, (std::map<std::string, std::string>{{"a", "a@GRAD"}, {"b", "b@GRAD"}, {"x", "x@GRAD"}}));
  const OpDesc& fill = net.at().op(2);
  EXPECT_EQ(fill.Role(), kBackward | kLoss);
  EXPECT_EQ(fill.AttrOr<std::vector<int64_t>>("shape", {}), std::vector<int64_t>{1});
  EXPECT_EQ(fill.AttrOr<float>("value", 0), 1.0f);
  EXPECT_EQ(net.at().op(3).Role(), kBackward);
  EXPECT_EQ(net.at().op(3).UserLine(), net.at().op(1).UserLine());
  EXPECT_EQ(net.at().FindVar("x@GRAD")->shape(), std::vector<int64_t>{4});
  EXPECT_NO_THROW(Verify(net.program));
}

TEST_F(Backward, NumbersContributionsAndSumsThemWhereTheyAreRead) {
  net.Var("x");
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_exp", "a", "b");
  net.Mul("b", "a", "c");
  net.Mul("c", "a", "d");
  net.Backward("d");
  EXPECT_EQ(net.Added(),
            (Lines{"fill_constant() -> d@GRAD", "toy_mul_grad(c, a, d@GRAD) -> c@GRAD, a@GRAD@RENAME@block0@0",
                   "toy_mul_grad(b, a, c@GRAD) -> b@GRAD, a@GRAD@RENAME@block0@1",
                   "toy_exp_grad(b, b@GRAD) -> a@GRAD@RENAME@block0@2",
                   "sum(a@GRAD@RENAME@block0@0, a@GRAD@RENAME@block0@1, a@GRAD@RENAME@block0@2) -> a@GRAD",
                   "toy_exp_grad(a, a@GRAD) -> x@GRAD"}));
}

TEST_F(Backward, SumsLeavesAtTheEndInTheOrderOfTheirFirstContributions) {
  for (const char* name : {"x", "v", "w"}) net.Var(name);
  net.Mul("x", "v", "a");
  net.Mul("a", "w", "b");
  net.Mul("b", "w", "c");
  net.Mul("c", "v", "d");
  net.Backward({.targets = {"d"}, .no_grad = {"x"}});
  EXPECT_EQ(net.Added(),
            (Lines{"fill_constant() -> d@GRAD", "toy_mul_grad(c, v, d@GRAD) -> c@GRAD, v@GRAD@RENAME@block0@0",
                   "toy_mul_grad(b, w, c@GRAD) -> b@GRAD, w@GRAD@RENAME@block0@0",
                   "toy_mul_grad(a, w, b@GRAD) -> a@GRAD, w@GRAD@RENAME@block0@1",
                   "toy_mul_grad(x, v, a@GRAD) -> v@GRAD@RENAME@block0@1",
                   "sum(v@GRAD@RENAME@block0@0, v@GRAD@RENAME@block0@1) -> v@GRAD",
                   "sum(w@GRAD@RENAME@block0@0, w@GRAD@RENAME@block0@1) -> w@GRAD"}));
}

TEST_F(Backward, CountsOneOpsTwoUses) {
  net.Var("x");
  net.Mul("x", "x", "a");
  net.Backward("a");
  EXPECT_EQ(net.Added(), (Lines{"fill_constant() -> a@GRAD",
                                "toy_mul_grad(x, x, a@GRAD) -> x@GRAD@RENAME@block0@0, x@GRAD@RENAME@block0@1",
                                "sum(x@GRAD@RENAME@block0@0, x@GRAD@RENAME@block0@1) -> x@GRAD"}));
}

TEST_F(Backward, FillsZerosForOutputsThatNothingUsed) {
  net.Var("x");
  net.Op("toy_split", {{"X", {"x"}}}, {{"Out", {"a", "b"}}});
  net.Unary("toy_exp", "b", "c");
  net.Backward("c");
  EXPECT_EQ(net.Added(), (Lines{"fill_constant() -> c@GRAD", "toy_exp_grad(c, c@GRAD) -> b@GRAD",
                                "fill_zeros_like(a) -> a@GRAD", "toy_concat(a@GRAD, b@GRAD) -> x@GRAD"}));
  EXPECT_EQ(net.at().FindVar("a@GRAD")->shape(), std::vector<int64_t>{2});
}

TEST_F(Backward, LeavesOutWhatHasNoEffect) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.at().FindVar("y")->set_stop_gradient(true);
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_exp", "a", "unused");
  net.Unary("toy_exp", "y", "b");
  net.Unary("toy_exp", "a", "stopped");
  net.Add({"a", "b", "stopped", "y"}, "c");
  net.Backward({.targets = {"c"}, .no_grad = {"stopped"}});
  EXPECT_EQ(net.Added(), (Lines{"fill_constant() -> c@GRAD", "toy_copy(c@GRAD) -> a@GRAD", "toy_copy(c@GRAD) -> b@GRAD",
                                "toy_exp_grad(a, a@GRAD) -> x@GRAD"}));
}

TEST_F(Backward, DifferentiatesByInputsAlone) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_exp", "y", "b");
  net.Mul("a", "b", "c");
  const auto grads = net.Backward({.targets = {"c"}, .inputs = {"a", "y"}});
  EXPECT_EQ(net.Added(), (Lines{"shape(c) -> c_shape", "fill_constant(c_shape) -> c@GRAD",
                                "toy_mul_grad(a, b, c@GRAD) -> a@GRAD, b@GRAD", "toy_exp_grad(b, b@GRAD) -> y@GRAD"}));
  EXPECT_FALSE(grads.contains("x"));
  EXPECT_EQ(net.at().FindVar("c_shape")->raw_dtype(), static_cast<int>(DType::kInt32));
  const auto values = net.Run({{"x", 0}, {"y", 1}}, {"a@GRAD", "y@GRAD"});
  EXPECT_FLOAT_EQ(values[0], std::exp(1.0f));
  EXPECT_FLOAT_EQ(values[1], std::exp(1.0f));
}

TEST_F(Backward, GivesNothingForInputsThatDoNotMatter) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Unary("toy_exp", "x", "a");
  EXPECT_FALSE(net.Backward({.targets = {"a"}, .inputs = {"y"}}).contains("y"));
  EXPECT_FALSE(net.Backward({.targets = {"a"}, .no_grad = {"x"}, .inputs = {"x"}}).contains("x"));
}

TEST_F(Backward, StartsFromGivenGradients) {
  for (const char* name : {"x", "t"}) net.Var(name);
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_exp", "a", "b");
  const auto grads = net.Backward({.targets = {"b"}, .target_grads = {"t"}, .inputs = {"x"}});
  EXPECT_EQ(net.Added(), (Lines{"toy_exp_grad(b, t) -> a@GRAD", "toy_exp_grad(a, a@GRAD) -> x@GRAD"}));
  EXPECT_EQ(grads.at("b"), "t");
}

TEST_F(Backward, AddsUpTargetsThatDependOnEachOther) {
  for (const char* name : {"x", "t"}) net.Var(name);
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_exp", "a", "b");
  net.Backward({.targets = {"b", "a"}, .target_grads = {"", "t"}, .inputs = {"x"}});
  EXPECT_EQ(net.Added(), (Lines{"shape(b) -> b_shape", "fill_constant(b_shape) -> b@GRAD",
                                "toy_exp_grad(b, b@GRAD) -> a@GRAD@RENAME@block0@0",
                                "sum(t, a@GRAD@RENAME@block0@0) -> a@GRAD", "toy_exp_grad(a, a@GRAD) -> x@GRAD"}));
  const auto values = net.Run({{"x", 0}, {"t", 3}}, {"x@GRAD"});
  EXPECT_FLOAT_EQ(values[0], 3 + std::exp(1.0f));
}

TEST_F(Backward, KeepsEarlierGradientsApart) {
  net.Var("x");
  net.Unary("toy_exp", "x", "a");
  net.Mul("a", "a", "b");
  net.Backward("b");
  const auto grads = net.Backward("b");
  EXPECT_EQ(net.Added(),
            (Lines{"fill_constant() -> b@GRAD_0",
                   "toy_mul_grad(a, a, b@GRAD_0) -> grad/grad/a@GRAD@RENAME@block0@0, grad/grad/a@GRAD@RENAME@block0@1",
                   "sum(grad/grad/a@GRAD@RENAME@block0@0, grad/grad/a@GRAD@RENAME@block0@1) -> grad/grad/a@GRAD",
                   "toy_exp_grad(a, grad/grad/a@GRAD) -> grad/grad/x@GRAD"}));
  EXPECT_EQ(grads.at("x"), "grad/grad/x@GRAD");
  EXPECT_EQ(net.Backward("b").at("x"), "grad/grad/grad/x@GRAD");
}

TEST_F(Backward, SparseGradientsAreSelectedRows) {
  for (const char* name : {"w", "ids"}) net.Var(name);
  net.Op("toy_pick", {{"W", {"w"}}, {"Ids", {"ids"}}}, {{"Out", {"a"}}});
  net.Op("toy_pick", {{"W", {"w"}}, {"Ids", {"ids"}}}, {{"Out", {"b"}}});
  net.Mul("a", "b", "c");
  net.Backward("c");
  EXPECT_EQ(net.Added().back(), "sum(w@GRAD@RENAME@block0@0, w@GRAD@RENAME@block0@1) -> w@GRAD");
  for (const char* name : {"w@GRAD@RENAME@block0@0", "w@GRAD@RENAME@block0@1", "w@GRAD"})
    EXPECT_EQ(net.at().FindVar(name)->kind(), VarKind::kSelectedRows) << name;
}

TEST_F(Backward, WritesAnOpWithoutGradientAsSimplerOnesToDifferentiateItAgain) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Mul("x", "y", "a");
  net.Mul("a", "x", "b");  // b = x^2 y
  net.Backward({.targets = {"b"}, .inputs = {"x"}});
  const auto second = net.Backward({.targets = {"x@GRAD"}, .inputs = {"x", "y"}});
  const auto values = net.Run({{"x", 3}, {"y", 5}}, {"x@GRAD", second.at("x"), second.at("y")});
  EXPECT_FLOAT_EQ(values[0], 2 * 3 * 5);
  EXPECT_FLOAT_EQ(values[1], 2 * 5);
  EXPECT_FLOAT_EQ(values[2], 2 * 3);
}

TEST_F(Backward, CallsBackBehindEachOp) {
  net.Var("x");
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_exp", "a", "b");
  Lines seen;
  BackwardOptions options{.targets = {"b"}};
  options.on_op = [&](BlockDesc& block, OpDesc& op) {
    EXPECT_EQ(&op, block.ops().back().get());
    seen.push_back(op.Output("X@GRAD").at(0));
    block.AppendOp(OpDesc("toy_count")).SetInput("X", op.Output("X@GRAD"));
  };
  net.Backward(options);
  EXPECT_EQ(seen, (Lines{"a@GRAD", "x@GRAD"}));
  EXPECT_EQ(net.at().ops().size(), 7u);
}

TEST_F(Backward, ErrorsNameOpAndLineAndLeaveTheProgramAlone) {
  net.Var("x");
  net.Unary("toy_exp", "x", "a");
  net.Unary("toy_step", "a", "b");
  net.Unary("toy_exp", "b", "c");
  const std::string before = net.program.Serialize();
  try {
    net.Backward("c");
    FAIL() << "toy_step has no gradient";
  } catch (const Unimplemented& error) {
    for (const char* part : {"toy_step", "net.py\", line 2", "no gradient", "stop_gradient"})
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
  EXPECT_EQ(net.program.Serialize(), before);
  EXPECT_NO_THROW(net.Backward({.targets = {"c"}, .no_grad = {"b"}}));
  EXPECT_THROW(net.Backward("nowhere"), InvalidArgument);
  EXPECT_THROW(AppendBackward(&net.program, {.targets = {"c"}, .target_grads = {}}), InvalidArgument);
  EXPECT_THROW(net.Backward({.targets = {"c"}, .inputs = {"nowhere"}}), InvalidArgument);
}

TEST_F(Backward, AnExceptionFromOutsideLeavesTheProgramAlone) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Mul("x", "y", "a");
  net.Mul("a", "x", "b");
  net.Backward({.targets = {"b"}, .inputs = {"x"}});
  const std::string before = net.program.Serialize();
  BackwardOptions options{.targets = {"x@GRAD"}, .inputs = {"x", "y"}};  // toy_mul_grad is written as simpler ops
  options.on_op = [](BlockDesc& block, OpDesc&) {
    block.Var("x").set_shape({7});
    throw std::runtime_error("enough");
  };
  EXPECT_THROW(net.Backward(options), std::runtime_error);
  EXPECT_EQ(net.program.Serialize(), before);
  options.on_op = nullptr;
  EXPECT_NO_THROW(net.Backward(options));
}

TEST_F(Backward, InputsThatNeverHaveAGradientAreNoError) {
  net.Var("x");
  net.Unary("toy_constant_like", "x", "a");
  net.Unary("toy_exp", "a", "b");
  EXPECT_FALSE(net.Backward("b").contains("x"));
  EXPECT_EQ(net.Added().size(), 2u);
}

}  // namespace
}  // namespace paddle::toy
