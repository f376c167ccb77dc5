// Names that are written more than once.

#include "paddle/autodiff/backward.h"
#include "tests/cpp/autodiff/net.h"
#include "tests/cpp/autodiff/stand_ins.h"
#include "tests/cpp/autodiff/toy_ops.h"

namespace paddle::toy {
namespace {

class Versions : public testing::Test {
 protected:
  void SetUp() override { RegisterStandIns(); }
  Net net;
};

TEST_F(Versions, AnOpInPlaceReadsAndWritesOneGradientName) {
  net.Var("x");
  net.Add({"x", "x"}, "a");
  net.Unary("toy_exp", "a", "a");
  net.Unary("toy_exp", "a", "b");
  net.Backward({.targets = {"b"}, .inputs = {"x"}});
  EXPECT_EQ(net.Added(),
            (Lines{"shape(b) -> b_shape", "fill_constant(b_shape) -> b@GRAD", "toy_exp_grad(b, b@GRAD) -> a@GRAD",
                   "toy_exp_grad(a, a@GRAD) -> a@GRAD", "toy_copy(a@GRAD) -> x@GRAD@RENAME@block0@0",
                   "toy_copy(a@GRAD) -> x@GRAD@RENAME@block0@1",
                   "sum(x@GRAD@RENAME@block0@0, x@GRAD@RENAME@block0@1) -> x@GRAD"}));
  const float a = std::exp(0.5f);
  EXPECT_FLOAT_EQ(net.Run({{"x", 0.25f}}, {"x@GRAD"})[0], std::exp(a) * a * 2);
}

TEST_F(Versions, ContributionsToOldAndNewValueAreNumberedThrough) {
  net.Var("x");
  net.Add({"x"}, "a");
  net.Add({"a"}, "b");
  net.Unary("toy_exp", "a", "a");
  net.Add({"a"}, "c");
  net.Add({"a"}, "d");
  net.Add({"b", "c", "d"}, "e");
  net.Backward({.targets = {"e"}, .inputs = {"x"}});
  const auto added = net.Added();
  EXPECT_EQ(Lines(added.begin() + 5, added.end()),
            (Lines{"toy_copy(d@GRAD) -> a@GRAD@RENAME@block0@0", "toy_copy(c@GRAD) -> a@GRAD@RENAME@block0@1",
                   "sum(a@GRAD@RENAME@block0@0, a@GRAD@RENAME@block0@1) -> a@GRAD@RENAME@block0@2",
                   "toy_exp_grad(a, a@GRAD@RENAME@block0@2) -> a@GRAD@RENAME@block0@2",
                   "toy_copy(b@GRAD) -> a@GRAD@RENAME@block0@3",
                   "sum(a@GRAD@RENAME@block0@2, a@GRAD@RENAME@block0@3) -> a@GRAD", "toy_copy(a@GRAD) -> x@GRAD"}));
  EXPECT_FLOAT_EQ(net.Run({{"x", 0.5f}}, {"x@GRAD"})[0], 1 + 2 * std::exp(0.5f));
}

TEST_F(Versions, AnOverwrittenValueHasItsOwnGradient) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Add({"x"}, "a");
  net.Add({"a"}, "b");
  net.Unary("toy_exp", "y", "a");
  net.Add({"a", "b"}, "c");
  net.Backward({.targets = {"c"}, .inputs = {"x", "y"}});
  const auto values = net.Run({{"x", 1}, {"y", 2}}, {"x@GRAD", "y@GRAD"});
  EXPECT_FLOAT_EQ(values[0], 1) << "what flows into the later value of a is none of x's";
  EXPECT_FLOAT_EQ(values[1], std::exp(2.0f));
}

TEST_F(Versions, ASumInPlaceKeepsItsOrder) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Add({"x"}, "s");
  net.Add({"s", "y"}, "s");
  net.Add({"s", "y"}, "s");
  net.Backward({.targets = {"s"}, .inputs = {"x", "y"}});
  const auto values = net.Run({{"x", 1}, {"y", 2}}, {"x@GRAD", "y@GRAD"});
  EXPECT_FLOAT_EQ(values[0], 1);
  EXPECT_FLOAT_EQ(values[1], 2);
}

TEST_F(Versions, AGradientThatNeedsALostValueIsRejectedWithBothLines) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Mul("x", "y", "a");
  net.Mul("a", "y", "b");
  net.Unary("toy_exp", "y", "a");
  net.Add({"a", "b"}, "c");
  const std::string before = net.program.Serialize();
  try {
    net.Backward("c");
    FAIL() << "toy_mul's gradient needs a";
  } catch (const InvalidArgument& error) {
    for (const char* part : {"toy_mul", "'a'", "net.py\", line 2", "toy_exp", "net.py\", line 3"})
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
  EXPECT_EQ(net.program.Serialize(), before);
}

TEST_F(Versions, AnOpThatOverwritesItsOwnInputIsRejectedWhenItsGradientNeedsIt) {
  for (const char* name : {"x", "y"}) net.Var(name);
  net.Add({"x"}, "a");
  net.Mul("a", "y", "a");
  EXPECT_THROW(net.Backward("a"), InvalidArgument);
}

TEST_F(Versions, UpdatesByTheOptimizerDoNotCount) {
  for (const char* name : {"x", "w"}) net.Var(name);
  net.Mul("x", "w", "a");
  net.Mul("a", "w", "b");
  net.Unary("toy_exp", "w", "w").SetAttr(kOpRole, int32_t{kOptimize});
  EXPECT_EQ(net.Backward("b").at("w"), "w@GRAD");
}

TEST_F(Versions, CountersAreUndone) {
  for (const char* name : {"x", "i"}) net.Var(name);
  net.Mul("x", "i", "a");
  net.Unary("toy_count", "i", "i");
  net.Mul("a", "i", "b");  // b = x i (i + 1)
  net.Backward({.targets = {"b"}, .inputs = {"x", "i"}});
  EXPECT_EQ(net.Added(), (Lines{"shape(b) -> b_shape", "fill_constant(b_shape) -> b@GRAD",
                                "toy_mul_grad(a, i, b@GRAD) -> a@GRAD, i@GRAD@RENAME@block0@0", "toy_count(i) -> i",
                                "toy_mul_grad(x, i, a@GRAD) -> x@GRAD, i@GRAD@RENAME@block0@1",
                                "sum(i@GRAD@RENAME@block0@0, i@GRAD@RENAME@block0@1) -> i@GRAD"}));
  const auto values = net.Run({{"x", 2}, {"i", 3}}, {"x@GRAD", "i@GRAD"});
  EXPECT_FLOAT_EQ(values[0], 12);
  EXPECT_FLOAT_EQ(values[1], 14);
}

}  // namespace
}  // namespace paddle::toy
